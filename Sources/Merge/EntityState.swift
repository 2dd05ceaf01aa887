import Causality
import Codec

/// A value of a register that no change known here has replaced.
public struct Head: Hashable, Sendable {
  /// The change that wrote it.
  public let id: ChangeID
  /// The value, as its author wrote it.
  public let value: JSONText
  /// Who wrote it: the agent's name.
  public let by: String
  /// As dated by the author.
  public let at: HybridTime
  /// As it counts in the merge.
  public let effective: HybridTime
  /// What the author had merged when writing it.
  public let seen: UInt64
  /// Its place in the workspace's order; nil while no server has acknowledged it.
  public let position: UInt64?
}

/// A multi-value register: two or more heads with different values are a conflict.
public struct Register: Hashable, Sendable {
  /// Ordered by change id.
  public internal(set) var heads: [Head] = []

  /// Whether people disagree: heads with different values. Equal values written in parallel are none.
  public var isConflict: Bool {
    heads.dropFirst().contains { $0.value != heads[0].value }
  }

  /// The head to show; nil when the field was cleared or never set.
  public func shown(_ policy: WinnerPolicy = .latest) -> Head? {
    heads.isEmpty ? nil : heads[policy.winner(among: heads)]
  }
}

/// One entry of an append-only log.
public struct LogEntry: Hashable, Sendable {
  /// The change that wrote it.
  public let id: ChangeID
  /// The value, as its author wrote it.
  public let value: JSONText
  /// Who wrote it: the agent's name.
  public let by: String
  /// When it was written, by the author's clock.
  public let at: HybridTime
  /// When it counts as written in the merge (`Protocol.md`, section 3).
  public let effective: HybridTime
  /// The position of the workspace's order up to which its author had merged.
  public let seen: UInt64
  /// Its place in the workspace's order; nil while no server has acknowledged it.
  public let position: UInt64?
  /// When the server received it, milliseconds since 1970; nil when it did not yet.
  public let stamp: UInt64?
}

/// What the changes of one entity add up to. Never written, only folded.
public struct EntityState: Hashable, Sendable {
  /// The entity whose state it is.
  public let id: EntityID
  /// The registers that have a head, by field.
  public internal(set) var registers: [ExactString: Register] = [:]
  /// Each element that is in a set, with the adds that keep it there, ordered.
  public internal(set) var sets: [ExactString: [ExactString: [ChangeID]]] = [:]
  /// Entries by effective time, then change id.
  public internal(set) var logs: [ExactString: [LogEntry]] = [:]
  /// The sums of counters, by field.
  public internal(set) var counters: [ExactString: Int64] = [:]
  /// The elements of `Links.same` of which an add was taken back, ordered; some may be in the set again.
  package internal(set) var untied: [ExactString] = []
  /// Whether the entity was erased; then it holds nothing else.
  public internal(set) var isErased = false
  /// How many changes were folded.
  public internal(set) var changeCount = 0
  /// When it was made: the effective time of the change that creates it, and the earliest of all where that is not among them.
  public internal(set) var firstAt = HybridTime.zero
  /// The latest effective time among the changes.
  public internal(set) var lastAt = HybridTime.zero
  /// Whether the change that creates the entity is among them.
  public internal(set) var isCreated = false

  package init(id: EntityID) {
    self.id = id
  }

  /// The shown value of a register as a string; nil when absent or not a string.
  public func string(_ field: ExactString, _ policy: WinnerPolicy = .latest) -> String? {
    registers[field]?.shown(policy)?.value.string
  }

  /// The elements of a set in the order of their bytes.
  public func elements(_ field: ExactString) -> [String] {
    (sets[field] ?? [:]).keys.sorted().map(\.text)
  }

  /// The state as it may be shown where some registers may not.
  public func without(_ fields: Set<ExactString>) -> EntityState {
    guard !fields.isEmpty else { return self }
    var state = self
    for field in fields { state.registers[field] = nil }
    return state
  }

  /// The state as it may be shown where only some heads of a register may.
  public func keeping(_ heads: [Head], of field: ExactString) -> EntityState {
    var state = self
    state.registers[field]?.heads = heads
    return state
  }

  /// The state with registers of another entity, which take the place of its own, for showing both as one.
  public func adding(_ registers: [ExactString: Register]) -> EntityState {
    var state = self
    state.registers.merge(registers) { _, other in other }
    return state
  }

  /// The state with other values in some entries of a log, for showing it.
  public func replacing(_ values: [ChangeID: JSONText], in log: ExactString) -> EntityState {
    guard !values.isEmpty, let entries = logs[log] else { return self }
    var state = self
    state.logs[log] = entries.map { entry in
      guard let value = values[entry.id] else { return entry }
      return LogEntry(
        id: entry.id, value: value, by: entry.by, at: entry.at, effective: entry.effective, seen: entry.seen,
        position: entry.position, stamp: entry.stamp)
    }
    return state
  }

  /// The state without some entries of its logs and some registers, for handing it out.
  package func without(_ entries: Set<ChangeID>, _ fields: Set<ExactString> = []) -> EntityState {
    guard !entries.isEmpty else { return self }
    var state = self
    for field in fields { state.registers[field] = nil }
    for (field, log) in logs {
      let rest = log.filter { !entries.contains($0.id) }
      state.logs[field] = rest.isEmpty ? nil : rest
    }
    return state
  }

  /// The state with entries of another entity's log, for showing both as one.
  package func adding(_ entries: [LogEntry], to log: ExactString) -> EntityState {
    guard !entries.isEmpty else { return self }
    var state = self
    state.logs[log, default: []] += entries
    state.logs[log]?.sort { ($0.effective, $0.id) < ($1.effective, $1.id) }
    return state
  }

  /// The names of the registers on which people disagree, ordered.
  public var conflicts: [ExactString] {
    registers.filter { $0.value.isConflict }.keys.sorted()
  }
}
