import Codec

/// Why a mapping file cannot be used: the key that is wrong, and how.
package struct MappingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The path to the key, such as `fields.status.values`; empty for the file itself.
  package let key: String
  package let reason: String

  package init(_ key: String, _ reason: String) {
    self.key = key
    self.reason = reason
  }

  package var description: String { key.isEmpty ? reason : "\(key): \(reason)" }
}

/// One value of a mapping file together with the path that leads to it, so that errors can name it.
struct MappingNode {
  let key: String
  let value: JSONText

  /// Parses a whole file.
  init(parsing file: [UInt8]) throws(MappingError) {
    key = ""
    do {
      value = try JSONText(parsing: file)
    } catch {
      let line = Self.line(of: error.offset, in: file)
      throw MappingError("", "not JSON, line \(line): \(error.reason)")
    }
  }

  private init(key: String, value: JSONText) {
    self.key = key
    self.value = value
  }

  func fails(_ reason: String) -> MappingError { MappingError(key, reason) }

  /// The members of an object. A key that stands twice or is none of `known` is an error.
  func members(known: [String]? = nil) throws(MappingError) -> [(name: String, node: MappingNode)] {
    guard let members = value.members else { throw fails("expected an object, {...}") }
    var found: [(name: String, node: MappingNode)] = []
    for member in members {
      let path = key.isEmpty ? member.key : "\(key).\(member.key)"
      if found.contains(where: { $0.name == member.key }) { throw MappingError(path, "stands twice") }
      if let known, !known.contains(member.key) {
        throw MappingError(path, "unknown key; known are \(known.joined(separator: ", "))")
      }
      found.append((member.key, MappingNode(key: path, value: member.value)))
    }
    return found
  }

  /// The elements of an array.
  func elements() throws(MappingError) -> [MappingNode] {
    guard let elements = value.elements else { throw fails("expected a list, [...]") }
    return elements.enumerated().map { MappingNode(key: "\(key)[\($0)]", value: $1) }
  }

  func string() throws(MappingError) -> String {
    guard let string = value.string else { throw fails("expected a string") }
    return string
  }

  func strings() throws(MappingError) -> [String] {
    var found: [String] = []
    for element in try elements() { found.append(try element.string()) }
    return found
  }

  func bool() throws(MappingError) -> Bool {
    guard let bool = value.bool else { throw fails("expected true or false") }
    return bool
  }

  /// One of the cases of an enumeration, by its raw value.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    of type: Choice.Type
  ) throws(MappingError) -> Choice {
    guard let choice = Choice(rawValue: try string()) else {
      let names = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw fails("expected one of \(names)")
    }
    return choice
  }

  /// The line of the file that a byte of its compact form comes from.
  private static func line(of offset: Int, in file: [UInt8]) -> Int {
    var low = 0
    var high = file.count
    while low < high {
      let middle = (low + high) / 2
      if JSONWriter.compact(Array(file[..<middle])).count > offset { high = middle } else { low = middle + 1 }
    }
    return 1 + file[..<low].count { $0 == 0x0A }
  }
}
