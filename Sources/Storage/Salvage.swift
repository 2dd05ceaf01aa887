import Codec

/// Finds the gzip members that are intact in a file, whatever lies between them.
package enum Salvage {
  /// An intact member.
  package struct Member: Sendable {
    package let start: Int
    package let text: [UInt8]
  }

  /// The intact members, and the places where something else lies.
  ///
  /// Behind a damaged place the next member is looked for by the three bytes that every one starts with.
  /// Cost: one pass, and for each such place that is none one attempt.
  package static func members(
    _ bytes: [UInt8], of file: String, limit: Int
  ) -> (members: [Member], damage: [Damage]) {
    var members: [Member] = []
    var damage: [Damage] = []
    let inflater = Inflater()
    var index = 0
    var isLost = false
    while index < bytes.count {
      var text: [UInt8] = []
      do throws(CompressionError) {
        let end = try inflater.inflateMember(bytes.span, from: index, limit: limit, to: &text)
        members.append(Member(start: index, text: text))
        index = end
        isLost = false
      } catch {
        if !isLost { damage.append(Damage(file: file, offset: index, reason: error.description)) }
        isLost = true
        index = next(bytes, behind: index)
      }
    }
    return (members, damage)
  }

  private static func next(_ bytes: [UInt8], behind start: Int) -> Int {
    var index = start + 1
    while index < bytes.count {
      if bytes[index] == 0x1F, bytes[index...].starts(with: [0x1F, 0x8B, 0x08]) { return index }
      index += 1
    }
    return index
  }
}
