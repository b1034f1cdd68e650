#include <x>
#define FOO(x) { x
extern "C" {
int c_fn(void) { return 1; }
}
namespace a::b {
// Doc of T.
template <typename T, class U = std::vector<T>>
class Foo final : public Bar<T>, private Baz {
 public:
  explicit Foo(int x) : x_(x), y_{1}, z_{2} { init(); }
  ~Foo() override = default;
  int get() const noexcept override { return x_; }
  Foo& operator=(const Foo& o) { return *this; }
  bool operator()(int a) const { return a; }
  enum class Color : int { Red, Green };
  struct Inner { int a; };
 private:
  int x_ = {1};
  char c = '{'; int n = 1'000;
};

template <>
void Foo<int>::run(std::function<void(int)> f,
                   int n)
{
  if (f) { f(n); }
  auto l = [&](int x) { return x; };
}
static const int table[] = { 1, 2 };
}  // namespace
typedef struct { int a; } Named;
struct Plain { int b; };
int main(int argc, char** argv) { return 0; }
