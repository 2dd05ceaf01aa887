import Causality
import Codec

/// What one change does to one field, as the fold takes it.
package enum Operation {
  /// A register gets a value; the heads that the author saw are in `replaces`.
  case set(field: ExactString, value: JSONText)
  /// The heads of a register that this change replaces. Without a `set` of the field they are just gone.
  case replaces(field: ExactString, heads: [ChangeID])
  case add(field: ExactString, element: ExactString)
  /// The adds of an element that the author saw and took back.
  case drop(field: ExactString, element: ExactString, adds: [ChangeID])
  case log(field: ExactString, entry: JSONText)
  case count(field: ExactString, by: Int64)
  /// Everything about the entity is to be forgotten.
  case erase
}

/// The members of a change line behind `on`: verbs that the merge knows, and members of later versions,
/// which are kept and passed on.
package enum ChangeBody {
  /// The longest field name, in bytes.
  package static let maximumField = 200
  /// The greatest step of a counter, so that every JSON reader keeps it exactly.
  package static let maximumCount: Int64 = 1 << 53 - 1

  /// Checks that `text[range]` holds members that any replica can fold.
  ///
  /// Known verbs must have their shape; unknown ones any JSON value. Cost: one pass over the bytes.
  /// - Throws: `JSONError` with the offset in `text`.
  package static func validate(_ text: Span<UInt8>, _ range: Range<Int>) throws(JSONError) {
    try visit(text, range, building: false) { _ in }
  }

  /// Visits what a validated body does.
  package static func operations(of body: [UInt8], _ visit: (Operation) -> Void) throws(JSONError) {
    try self.visit(body.span, 0..<body.count, building: true, visit)
  }

  /// Whether a validated body writes to logs, such as a timeline, and does nothing else.
  package static func onlyLogs(_ body: Span<UInt8>) -> Bool {
    do throws(JSONError) {
      let keyEnd = try JSONScanner.skipString(body, 0)
      guard JSONScanner.equals(body, 1..<keyEnd - 1, "log") else { return false }
      return try JSONScanner.skipValue(body, JSONScanner.expect(UInt8(ascii: ":"), body, keyEnd))
        == body.count
    } catch {
      return false
    }
  }

  private static func visit(
    _ whole: Span<UInt8>, _ range: Range<Int>, building: Bool, _ emit: (Operation) -> Void
  ) throws(JSONError) {
    let text = whole.extracting(0..<range.upperBound)
    var index = range.lowerBound
    var keys = UniqueKeys()
    while index < text.count {
      let keyEnd = try JSONScanner.skipString(text, index)
      let key = index + 1..<keyEnd - 1
      // A reader that takes escapes out first would see another verb.
      for index in key where text[index] == UInt8(ascii: "\\") {
        throw JSONError(offset: index, reason: "a member's name has no escapes")
      }
      guard keys.insert(text, key) else { throw JSONError(offset: index, reason: "the same key twice") }
      let value = try JSONScanner.expect(UInt8(ascii: ":"), text, keyEnd)
      index = try verb(text, key, value, building: building, emit)
      if index == text.count { return }
      index = try JSONScanner.expect(UInt8(ascii: ","), text, index)
    }
    if range.count > 0 { throw JSONError(offset: text.count, reason: "a comma without a member behind it") }
  }

  /// Visits one member; returns the index behind its value.
  private static func verb(
    _ text: Span<UInt8>, _ key: Range<Int>, _ value: Int, building: Bool, _ emit: (Operation) -> Void
  ) throws(JSONError) -> Int {
    if JSONScanner.equals(text, key, "set") {
      return try fields(text, value) { (name, value) throws(JSONError) in
        if building {
          emit(
            .set(
              field: ExactString(String(copying: text, name)),
              value: JSONText(unchecked: Array(copying: text, value))))
        }
      }
    }
    if JSONScanner.equals(text, key, "over") {
      return try fields(text, value) { (name, value) throws(JSONError) in
        let heads = try changeIDs(text, value.lowerBound, building: building)
        if building { emit(.replaces(field: ExactString(String(copying: text, name)), heads: heads)) }
      }
    }
    if JSONScanner.equals(text, key, "add") {
      return try fields(text, value) { (name, value) throws(JSONError) in
        _ = try JSONScanner.elements(text, value.lowerBound) { (element) throws(JSONError) in
          try requireString(text, element)
          if building {
            let word = JSONWriter.unescape(text, element.lowerBound + 1..<element.upperBound - 1)
            emit(.add(field: ExactString(String(copying: text, name)), element: ExactString(word)))
          }
        }
      }
    }
    if JSONScanner.equals(text, key, "drop") {
      return try fields(text, value) { (name, value) throws(JSONError) in
        var words: Set<ExactString> = []
        _ = try JSONScanner.members(text, value.lowerBound) { (element, ids) throws(JSONError) in
          let adds = try changeIDs(text, ids.lowerBound, building: building)
          let word = ExactString(JSONWriter.unescape(text, element))
          guard words.insert(word).inserted else {
            throw JSONError(offset: element.lowerBound, reason: "the same element twice in one drop")
          }
          if building {
            emit(.drop(field: ExactString(String(copying: text, name)), element: word, adds: adds))
          }
        }
      }
    }
    if JSONScanner.equals(text, key, "log") {
      return try fields(text, value) { (name, value) throws(JSONError) in
        if building {
          emit(
            .log(
              field: ExactString(String(copying: text, name)),
              entry: JSONText(unchecked: Array(copying: text, value))))
        }
      }
    }
    if JSONScanner.equals(text, key, "count") {
      return try fields(text, value) { (name, value) throws(JSONError) in
        guard let step = Int64(String(copying: text, value)), step.magnitude <= maximumCount.magnitude else {
          throw JSONError(offset: value.lowerBound, reason: "\"count\" takes whole numbers up to 2^53")
        }
        if building { emit(.count(field: ExactString(String(copying: text, name)), by: step)) }
      }
    }
    if JSONScanner.equals(text, key, "erase") {
      let end = try JSONScanner.skipValue(text, value)
      guard JSONScanner.equals(text, value..<end, "true") else {
        throw JSONError(offset: value, reason: "\"erase\" can only be true")
      }
      if building { emit(.erase) }
      return end
    }
    for reserved in ["id", "at", "seen", "by", "on", "crc"] as [StaticString]
    where JSONScanner.equals(text, key, reserved) {
      throw JSONError(offset: key.lowerBound, reason: "\"\(reserved)\" out of its place")
    }
    return try JSONScanner.skipValue(text, value)
  }

  /// Visits the fields of a verb's object. A name is 1 to 200 bytes without escapes and stands once.
  private static func fields(
    _ text: Span<UInt8>, _ start: Int,
    _ visit: (_ name: Range<Int>, _ value: Range<Int>) throws(JSONError) -> Void
  ) throws(JSONError) -> Int {
    var names = UniqueKeys()
    return try JSONScanner.members(text, start) { (name, value) throws(JSONError) in
      guard 1...maximumField ~= name.count else {
        throw JSONError(offset: name.lowerBound, reason: "a field name is 1 to \(maximumField) bytes")
      }
      for index in name where text[index] == UInt8(ascii: "\\") {
        throw JSONError(offset: index, reason: "a field name has no escapes")
      }
      guard names.insert(text, name) else {
        throw JSONError(offset: name.lowerBound, reason: "the same field twice in one verb")
      }
      try visit(name, value)
    }
  }

  private static func changeIDs(_ text: Span<UInt8>, _ start: Int, building: Bool) throws(JSONError)
    -> [ChangeID]
  {
    var ids: [ChangeID] = []
    _ = try JSONScanner.elements(text, start) { (element) throws(JSONError) in
      try requireString(text, element)
      guard let id = ChangeID(text, element.lowerBound + 1, element.upperBound - 1) else {
        throw JSONError(offset: element.lowerBound, reason: "expected a change id, replica.sequence")
      }
      if building { ids.append(id) }
    }
    return ids
  }

  private static func requireString(_ text: Span<UInt8>, _ range: Range<Int>) throws(JSONError) {
    guard text[range.lowerBound] == UInt8(ascii: "\"") else {
      throw JSONError(offset: range.lowerBound, reason: "expected a string")
    }
  }
}

/// Finds a key that stands twice in one object, without allocating for the usual few.
private struct UniqueKeys {
  private var ranges: InlineArray<8, Range<Int>> = .init(repeating: 0..<0)
  private var count = 0
  private var more: Set<ExactString> = []

  /// False when the key was there before.
  mutating func insert(_ text: Span<UInt8>, _ key: Range<Int>) -> Bool {
    for index in 0..<min(count, 8) where ranges[index].count == key.count {
      let earlier = ranges[index].lowerBound
      var same = true
      for offset in 0..<key.count where text[earlier + offset] != text[key.lowerBound + offset] {
        same = false
        break
      }
      if same { return false }
    }
    if count < 8 {
      ranges[count] = key
    } else if !more.insert(ExactString(String(copying: text, key))).inserted {
      return false
    }
    count += 1
    return true
  }
}
