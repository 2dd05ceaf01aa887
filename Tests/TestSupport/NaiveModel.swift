import Foundation

/// The merge rules of `Protocol.md` a second time, as plainly as they can be said: no code of `Sources/` is
/// used, nothing is incremental, and everything is looked up in all changes again.
///
/// It reads canonical lines with Foundation's JSON parser, so field names that Swift's `String` takes for
/// equal are beyond it.
package enum NaiveModel {
  /// A change line and when the server received it, in milliseconds since 1970.
  package typealias Placed = (line: String, stamp: UInt64?)
  private typealias Object = [String: Any]

  /// The state line of each entity.
  package static func stateLines(of changes: [Placed]) -> [String: String] {
    var entities: [String: [String: (Object, UInt64?)]] = [:]
    for change in changes {
      let object = (try? JSONSerialization.jsonObject(with: Data(change.line.utf8))) as? Object ?? [:]
      guard let on = object["on"] as? String, let id = object["id"] as? String else { continue }
      if entities[on]?[id] == nil { entities[on, default: [:]][id] = (object, change.stamp) }
    }
    return entities.reduce(into: [:]) { $0[$1.key] = line($1.key, $1.value) }
  }

  /// The digest of a store that shows these lines.
  package static func digest(_ lines: [String: String]) -> String {
    let sum = lines.values.reduce(UInt64(0)) { sum, line in
      sum &+ line.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
    return String(format: "%016lx", Int(bitPattern: UInt(sum)))
  }

  /// A state line with the members of all objects in one order, to compare two.
  package static func sorted(_ line: String) -> Data? {
    guard let value = try? JSONSerialization.jsonObject(with: Data(line.utf8)) else { return nil }
    return try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys])
  }

  private static func line(_ on: String, _ changes: [String: (object: Object, stamp: UInt64?)]) -> String {
    let ids = changes.keys.sorted(by: precedes)
    var parts = ["\"on\":\"\(on)\"", "\"changes\":\(ids.count)"]
    if ids.contains(where: { changes[$0]?.object["erase"] as? Bool == true }) {
      return "{\(parts.joined(separator: ",")),\"erased\":true}"
    }
    /// What all changes say under a verb, by field: the id and what it says.
    func said(_ verb: String) -> [(field: String, by: [(id: String, what: Any)])] {
      var found: [String: [(id: String, what: Any)]] = [:]
      for id in ids {
        for (field, what) in changes[id]?.object[verb] as? Object ?? [:] {
          found[field, default: []].append((id, what))
        }
      }
      return found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
    }
    func entries(_ by: [(id: String, what: Any)]) -> String {
      "["
        + by.map { "{\"id\":\"\($0.id)\",\"at\":\"\(effective($0.id))\",\"value\":\(text($0.what))}" }.joined(
          separator: ",") + "]"
    }
    func effective(_ id: String) -> String {
      effectiveTime(changes[id]?.object["at"] as? String ?? "", changes[id]?.stamp)
    }

    let over = Dictionary(uniqueKeysWithValues: said("over").map { ($0.field, $0.by) })
    add(
      "fields",
      said("set").map { field, by in
        (
          field,
          by.filter { head in
            !(over[field] ?? []).contains { ($0.what as? [String] ?? []).contains(head.id) }
          }
        )
      }.filter { !$0.1.isEmpty }.map { ($0, entries($1)) })

    let drops = Dictionary(uniqueKeysWithValues: said("drop").map { ($0.field, $0.by) })
    add(
      "sets",
      said("add").compactMap { field, by in
        var elements: [String: [String]] = [:]
        for (id, what) in by {
          for element in Set(what as? [String] ?? []) {
            let isDropped = (drops[field] ?? []).contains {
              ($0.what as? [String: [String]])?[element]?.contains(id) == true
            }
            if !isDropped { elements[element, default: []].append(id) }
          }
        }
        let members = elements.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
          .map { "\(text($0.key)):[" + $0.value.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
        return members.isEmpty ? nil : (field, "{" + members.joined(separator: ",") + "}")
      })

    add(
      "logs",
      said("log").map { field, by in
        (
          field,
          entries(
            by.sorted { a, b in
              let (left, right) = (sortable(effective(a.id)), sortable(effective(b.id)))
              return left == right ? precedes(a.id, b.id) : left < right
            })
        )
      })
    add(
      "counts",
      said("count").map { field, by in
        (field, String(by.reduce(0) { $0 + (($1.what as? NSNumber)?.int64Value ?? 0) }))
      })
    return "{" + parts.joined(separator: ",") + "}"

    func add(_ name: String, _ members: [(String, String)]) {
      guard !members.isEmpty else { return }
      parts.append("\"\(name)\":{" + members.map { "\(text($0)):\($1)" }.joined(separator: ",") + "}")
    }
  }

  /// As dated, unless that is more than five minutes after the receipt.
  private static func effectiveTime(_ at: String, _ stamp: UInt64?) -> String {
    let numbers = at.split { !$0.isNumber }.compactMap { Int32($0) }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
    let made = UInt64(timegm(&parts)) * 1000 + UInt64(numbers[6])
    guard let stamp, made > stamp + 300_000 else { return at }
    var seconds = time_t(stamp / 1000)
    var received = tm()
    gmtime_r(&seconds, &received)
    return String(
      format: "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", received.tm_year + 1900, received.tm_mon + 1,
      received.tm_mday,
      received.tm_hour, received.tm_min, received.tm_sec, Int32(stamp % 1000))
  }

  /// A time's text so that texts order as times do: the counter behind `~` gets five digits.
  private static func sortable(_ time: String) -> String {
    let parts = time.split(separator: "~")
    return parts[0] + String(format: "%05d", parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
  }

  /// Replicas order as text, sequences as numbers.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    let (a, b) = (left.split(separator: "."), right.split(separator: "."))
    return a[0] == b[0] ? (Int(a[1]) ?? 0) < (Int(b[1]) ?? 0) : a[0] < b[0]
  }

  private static func text(_ value: Any) -> String {
    let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes]
    return (try? JSONSerialization.data(withJSONObject: value, options: options)).map {
      String(decoding: $0, as: UTF8.self)
    } ?? "?"
  }
}
