/// One JSON value as the bytes that somebody wrote: kept, compared and passed on byte for byte.
///
/// Registers, set elements and log entries hold these, so that a replica loses nothing of a value whose
/// shape it does not know.
public struct JSONText: Hashable, Sendable {
  /// Compact, valid UTF-8 JSON of one value.
  package let bytes: [UInt8]

  /// Takes bytes that were scanned before.
  package init(unchecked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Takes a string as a JSON string.
  public init(_ string: String) {
    var output: [UInt8] = []
    output.reserveCapacity(string.utf8.count + 2)
    JSONWriter.string(string, to: &output)
    bytes = output
  }

  /// A whole number.
  public init(_ number: Int) { bytes = Array(String(number).utf8) }
  /// `true` or `false`.
  public init(_ flag: Bool) { bytes = Array((flag ? "true" : "false").utf8) }

  /// An object with the given members, in their order.
  public init(object members: [(String, JSONText)]) {
    var output: [UInt8] = []
    output.reserveCapacity(members.reduce(1) { $0 + $1.0.utf8.count + $1.1.bytes.count + 4 })
    output.append(UInt8(ascii: "{"))
    for (index, member) in members.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      JSONWriter.string(member.0, to: &output)
      output.append(UInt8(ascii: ":"))
      output += member.1.bytes
    }
    output.append(UInt8(ascii: "}"))
    bytes = output
  }

  /// An array of the given elements.
  public init(array elements: [JSONText]) {
    var output: [UInt8] = [UInt8(ascii: "[")]
    for (index, element) in elements.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      output += element.bytes
    }
    output.append(UInt8(ascii: "]"))
    bytes = output
  }

  /// Parses any JSON text, white space between tokens allowed and taken out.
  ///
  /// - Throws: `JSONError` where the text is not one JSON value in valid UTF-8.
  public init(parsing text: some Collection<UInt8>) throws(JSONError) {
    let compact = JSONWriter.compact(Array(text))
    guard let _ = try? UTF8Span(validating: compact.span) else {
      throw JSONError(offset: 0, reason: "not valid UTF-8")
    }
    let end = try JSONScanner.skipValue(compact.span, 0)
    guard end == compact.count else { throw JSONError(offset: end, reason: "more behind the value") }
    bytes = compact
  }

  /// The text itself.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The value of a JSON string; nil for another type.
  public var string: String? {
    guard bytes.first == UInt8(ascii: "\"") else { return nil }
    return JSONWriter.unescape(bytes.span, 1..<bytes.count - 1)
  }

  /// The value of a whole number within `Int`; nil otherwise.
  public var int: Int? { Int(text) }

  /// The value of a number; nil for another type.
  public var double: Double? {
    guard let first = bytes.first, first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else {
      return nil
    }
    return Double(text)
  }

  /// The value of `true` or `false`; nil for anything else.
  public var bool: Bool? { text == "true" ? true : text == "false" ? false : nil }
  /// Whether it is `null`.
  public var isNull: Bool { text == "null" }

  /// What a person reads: a string without its quotes, anything else as JSON.
  public var plain: String { string ?? text }

  /// A member of an object; nil when absent or when this is no object.
  public subscript(key: String) -> JSONText? { members(named: [key])[0] }

  /// Some members of an object, in the order of their names; nil for those that are absent, and all where this is no object.
  ///
  /// Cost: one pass, however many are wanted.
  package func members(named names: [String]) -> [JSONText?] {
    var found = [Range<Int>?](repeating: nil, count: names.count)
    let text = bytes.span
    let end =
      bytes.first != UInt8(ascii: "{")
      ? nil
      : try? JSONScanner.members(text, 0) { (name, value) throws(JSONError) in
        for index in names.indices
        where found[index] == nil && JSONWriter.isString(text, name, names[index]) {
          found[index] = value
        }
      }
    return found.map { end == nil ? nil : $0.map { JSONText(unchecked: Array(bytes[$0])) } }
  }

  /// The members of an object in their order; nil for another type.
  public var members: [(key: String, value: JSONText)]? {
    guard bytes.first == UInt8(ascii: "{") else { return nil }
    var found: [(key: String, value: JSONText)] = []
    let text = bytes.span
    let end = try? JSONScanner.members(text, 0) { (key, value) throws(JSONError) in
      found.append((JSONWriter.unescape(text, key), JSONText(unchecked: Array(bytes[value]))))
    }
    return end == nil ? nil : found
  }

  /// The elements of an array; nil for another type.
  public var elements: [JSONText]? {
    guard bytes.first == UInt8(ascii: "[") else { return nil }
    var found: [JSONText] = []
    let end = try? JSONScanner.elements(bytes.span, 0) { (value) throws(JSONError) in
      found.append(JSONText(unchecked: Array(bytes[value])))
    }
    return end == nil ? nil : found
  }
}

extension JSONText: CustomStringConvertible, Comparable {
  /// The JSON as it is written.
  public var description: String { text }

  /// Orders by bytes, so that every replica lists values alike.
  public static func < (left: JSONText, right: JSONText) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}
