package a
// Data.
data class User(val name: String, val n: Int = 0) : Base(), I {
    companion object {
        fun of(s: String): User { return User(s) }
    }
    private val x = listOf(1).map { it + 1 }
    /** Greets. */
    override suspend fun <T> greet(a: T, f: (Int) -> Unit = {}): String {
        if (a == null) { return "" }
        return "${name}{"
    }
    fun short() = 1
    init { println("x") }
}
fun String.shout(): String {
    return uppercase()
}
object Single { fun a() { } }
