import Causality
import Codec

/// What somebody wants to change on one entity, before it has an id: turned into a change body by looking
/// at the state that the author sees.
public struct Draft: Sendable {
  /// New values of registers.
  public var set: [ExactString: JSONText] = [:]
  /// Registers to clear.
  public var clear: Set<ExactString> = []
  /// Of these registers only these heads are replaced or cleared, not all that the author sees.
  package var over: [ExactString: Set<ChangeID>] = [:]
  /// Elements to put into sets.
  public var add: [ExactString: [ExactString]] = [:]
  /// Elements to take out of sets.
  public var drop: [ExactString: [ExactString]] = [:]
  /// Entries to append to logs.
  public var log: [ExactString: JSONText] = [:]
  /// Steps of counters.
  public var count: [ExactString: Int64] = [:]
  /// Members of the change line that this version gives no meaning.
  public var extra: [(key: String, value: JSONText)] = []
  /// Whether the entity is to be erased.
  public var erase = false

  /// A draft that changes nothing.
  public init() {}

  /// A draft that sets registers to strings.
  public init(set: [ExactString: String]) {
    self.set = set.mapValues { JSONText($0) }
  }

  /// Whether nothing is asked for.
  public var isEmpty: Bool {
    self.set.isEmpty && clear.isEmpty && add.isEmpty && drop.isEmpty && log.isEmpty && count.isEmpty
      && extra.isEmpty
      && !erase
  }

  /// Whether the change depends on what the author sees: entries of logs and steps of counters do not.
  package var needsState: Bool {
    !(self.set.isEmpty && clear.isEmpty && add.isEmpty && drop.isEmpty)
  }

  /// The body of the change, empty when it would change nothing.
  ///
  /// Values name the heads that they replace and drops the adds that they saw. A register that has just
  /// this value, without a conflict, is left alone, and so are an element that is in the set already and one that
  /// is not there to drop.
  /// - Parameter state: what the author sees; nil for a new entity.
  package func body(over state: EntityState?) -> [UInt8] {
    var output: [UInt8] = []
    let values = set.filter { field, value in
      guard let heads = state?.registers[field]?.heads else { return true }
      return heads.count != 1 || heads[0].value != value
    }
    JSONWriter.object("set", values, to: &output) { value, output in output += value.bytes }
    var replaced: [ExactString: [ChangeID]] = [:]
    for field in Array(values.keys) + Array(clear.subtracting(values.keys)) {
      let heads = state?.registers[field]?.heads.map(\.id) ?? []
      let gone = heads.filter { over[field]?.contains($0) ?? true }
      if !gone.isEmpty { replaced[field] = gone }
    }
    JSONWriter.object("over", replaced, to: &output) { ids, output in Self.ids(ids, &output) }
    var missing: [ExactString: [ExactString]] = [:]
    for (field, elements) in add {
      let present = state?.sets[field] ?? [:]
      let new = unique(elements).filter { present[$0] == nil }
      if !new.isEmpty { missing[field] = new }
    }
    JSONWriter.object("add", missing, to: &output) { elements, output in
      JSONWriter.list(elements, to: &output) { JSONWriter.string($0.text, to: &$1) }
    }
    var dropped: [ExactString: [ExactString: [ChangeID]]] = [:]
    for (field, elements) in drop {
      let present = state?.sets[field] ?? [:]
      let seen = present.filter { elements.contains($0.key) }
      if !seen.isEmpty { dropped[field] = seen }
    }
    JSONWriter.object("drop", dropped, to: &output) { elements, output in
      JSONWriter.members(elements, to: &output, Self.ids)
    }
    JSONWriter.object("log", log, to: &output) { entry, output in output += entry.bytes }
    JSONWriter.object("count", count.filter { $0.value != 0 }, to: &output) { step, output in
      output += Array(String(step).utf8)
    }
    if erase {
      JSONWriter.key("erase", to: &output)
      output += Array("true".utf8)
    }
    for (key, value) in extra {
      if !output.isEmpty { output.append(UInt8(ascii: ",")) }
      JSONWriter.string(key, to: &output)
      output.append(UInt8(ascii: ":"))
      output += value.bytes
    }
    return output
  }

  private func unique(_ elements: [ExactString]) -> [ExactString] {
    var seen: Set<ExactString> = []
    return elements.filter { seen.insert($0).inserted }
  }

  private static func ids(_ ids: [ChangeID], _ output: inout [UInt8]) {
    JSONWriter.list(ids, to: &output) { id, output in
      output.append(UInt8(ascii: "\""))
      id.write(to: &output)
      output.append(UInt8(ascii: "\""))
    }
  }
}
