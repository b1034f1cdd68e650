package a.b;
import java.util.*;

/** Doc. */
@Entity(name = {"x"})
public final class Foo<T extends Comparable<T>> extends Bar implements Baz {
    private static final int[] A = {1, 2};
    static { init(); }

    /** Makes one. */
    public Foo(int a, String... rest) throws IOException, X {
        super(a);
        Runnable r = new Runnable() { public void run() { } };
    }

    @Override
    public <K, V> Map<K, List<V>> find(Map<String, ? extends V> m) {
        for (int i = 0; i < 3; i++) { if (x) { y(); } else { z(); } }
        return null;
    }
    abstract int none();
    enum Kind { A, B { void x() {} } }
    record Point(int x, int y) { Point { if (x < 0) throw new E(); } }
    interface I { default void go() { } }
}
