using System;
namespace A.B
{
    // A thing.
    [Serializable]
    public class Foo : Bar<T>, IBaz where T : new()
    {
        public int X { get; set; }
        public Foo(int a = 3, string b = "x") : base(a) { }
        public async Task<List<int>> GetAsync<T>(Dictionary<string, T> d, int n = 5) where T : class
        {
            if (x) { return; }
            foreach (var y in z) { }
            var s = @"a ""{"" b";
        }
        public static Foo operator +(Foo a, Foo b) { return a; }
        ~Foo() { }
        struct P { int x; }
    }
    record R(int A) { }
}
