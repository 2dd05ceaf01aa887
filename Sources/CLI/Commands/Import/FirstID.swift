import Causality
import Codec
import Merge

/// Under which id a change of another workspace was first made, as the change says that brought it here: `org`.
///
/// The change by which an import creates what an export describes has it too: the id of the change that created that entity
/// there. An erasure leaves it, so that the same file brings nobody back.
enum FirstID {
  /// The member's key.
  static let key = "org"
  private static let pattern = Array("\"\(key)\":\"".utf8)

  /// The id that a change names, and its body without the member; nil for a change that was first made here.
  /// Cost: for most changes a search in the body.
  static func of(_ change: Change) -> (id: ChangeID, rest: ArraySlice<UInt8>)? {
    let body = change.body
    if body.last == UInt8(ascii: "\""),
      let quote = body.dropLast().lastIndex(of: UInt8(ascii: "\"")), quote + 1 >= pattern.count,
      body[(quote + 1 - pattern.count)...quote].elementsEqual(pattern),
      let id = ChangeID(body.span, quote + 1, body.count - 1)
    {
      return (id, body[..<max(0, quote - pattern.count)])
    }
    // One that was made again says what it was behind it.
    guard body.contains(word: pattern),
      let members = (try? JSONText(parsing: [UInt8(ascii: "{")] + body + [UInt8(ascii: "}")]))?.members,
      let id = members.first(where: { $0.key == key })?.value.string.flatMap({ ChangeID($0) })
    else { return nil }
    let rest = JSONText(object: members.filter { $0.key != key }.map { ($0.key, $0.value) }).bytes
    return (id, Array(rest.dropFirst().dropLast())[...])
  }

  /// Appends the member to a body.
  static func append(_ id: ChangeID, to body: inout [UInt8]) {
    if !body.isEmpty { body.append(UInt8(ascii: ",")) }
    body += pattern + Array("\(id)\"".utf8)
  }
}
