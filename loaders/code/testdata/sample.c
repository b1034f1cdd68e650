/* Licence { */
#include <stdio.h>
#define WRAP(x) do { x; \
	} while (0)

/* Adds. */
static int
add(int a, int b)
{
	if (a) { return b; }
	return a + b;
}

#if A
int one(void) {
#else
int one(int x) {
#endif
	return 1;
}

typedef struct node {
	struct node *next;
} node_t;

enum color { RED, GREEN };
static const int t[] = { 1, 2 };
struct ops o = { .f = add };

int main(int argc, char **argv)
{
	char c = '{', *s = "}";
	for (;;) { break; }
	return 0;
}
