import Foundation
/// A stack.
@available(iOS 13, *)
public struct Stack<Element>: Collection where Element: Equatable {
    var items: [Element] = []
    var count: Int { return items.count }
    /// Pushes.
    @discardableResult
    mutating func push(_ x: Element, then f: (Int) -> Void = { _ in }) -> Int {
        items.append(x)
        if x == y { return 1 }
        return items.map { $0 }.count
    }
    init() { }
    deinit { }
}
extension Stack: CustomStringConvertible {
    var description: String { "x" }
}
protocol P { func x() }
func top() async throws -> String { "" }
