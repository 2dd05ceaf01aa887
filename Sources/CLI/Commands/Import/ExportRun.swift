import Agent
import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// One export: walks the store and writes what it holds, without holding it in memory.
struct ExportRun {
  struct Options: Sendable {
    var kind: ExportCommand.Kind
    var type: String?
    var fields: [ExactString]?
    var hasLogs: Bool
    var isSafe: Bool
  }

  let context: Context
  let store: Store
  let settings: Settings
  let options: Options
  /// Takes the next bytes; false when nobody wants more.
  let write: ([UInt8]) throws(Failure) -> Bool

  /// Changes that are put in order at a time, so that memory does not grow with the store.
  private static let window = 200_000
  private static let piece = 1 << 16

  func run() throws {
    switch options.kind {
    case .changes: try writeChanges()
    case .entities:
      try writeEntities { writer, state, cleared, output in
        writer.writeLine(state, cleared: cleared(), to: &output)
      }
    case .customers, .tickets:
      try writeEntities { writer, state, _, output in writer.writeRow(state, to: &output) }
    }
  }

  // MARK: Entities

  /// - Parameter line: writes an entity; it can ask which fields were cleared.
  private func writeEntities(
    _ line: (EntityWriter, EntityState, () -> Set<ExactString>, inout [UInt8]) -> Void
  ) throws {
    let survey = try Survey(store, options, settings)
    var writer = EntityWriter(fields: options.fields)
    writer.hasLogs = options.hasLogs
    writer.csv.isSafe = options.isSafe
    let refs = survey.refs
    writer.ref = { refs[$0] }
    var output: [UInt8] = []
    if options.kind.type != nil {
      writer.fields = options.fields ?? survey.columns
      writer.kinds = survey.kinds
      tellEmpty(survey)
      writer.writeHeader(to: &output)
    }
    let progress = Progress(context.errors)
    defer { progress.end() }
    var count = 0
    let now = context.system.now()
    let walk = try store.walk(ofType: options.type)
    while let (id, changes) = try walk.next() {
      let alone = Fold.state(of: id, changes)
      if alone.isErased { continue }
      let whole = survey.tied.contains(id) ? try store.mergedState(of: id) : nil
      let own = whole.map { alone.living(in: $0) } ?? alone
      let state = try survey.consents(own, store).shown(own, now: now).state.withoutRedactedWords
      writer.policy = { Vocabulary.policy(type: id.type, field: $0) }
      line(writer, state, { ClearedFields.of(alone, in: whole, changes) }, &output)
      count += 1
      guard output.count >= Self.piece else { continue }
      progress.update("exporting: \(Words.grouped(count)) of \(Words.grouped(survey.count))")
      guard try write(output) else { return }
      output.removeAll(keepingCapacity: true)
    }
    if !output.isEmpty { _ = try write(output) }
    if count == 0 { try tellNothing() }
  }

  /// Says that nothing is of the type that was asked for. Cost: reads the store.
  private func tellNothing() throws {
    guard let type = options.type, options.kind.type == nil else { return }
    var types: Set<String> = []
    let walk = try store.walk(ofType: nil)
    while let (id, _) = try walk.next() { types.insert(id.type) }
    let near = Suggestion.nearest(to: type, among: types.subtracting([type]).sorted())
    context.note("nothing here is of type '\(type)'" + (near.map { "; did you mean '\($0)'?" } ?? ""))
  }

  /// Says which of the columns that were asked for nobody here has, and which fields the table cannot hold.
  private func tellEmpty(_ survey: Survey) {
    let hidden = EntityWriter.derived.filter { survey.kinds[$0] != nil }
    if !hidden.isEmpty {
      let names = hidden.map { "'\($0)'" }.joined(separator: ", ")
      context.note(
        "what people wrote in a field \(names) is not in the table, whose columns of that name follow from history; 'entities' "
          + "have it")
    }
    let known = Set(survey.kinds.keys).union(Survey.leading + Survey.trailing)
    for field in options.fields ?? [] where !known.contains(field) {
      let near = Suggestion.nearest(to: field.text, among: known.map(\.text).sorted())
      context.note(
        "no \(options.type ?? "entity") has a field '\(field)', so its column is empty"
          + (near.map { "; did you mean '\($0)'?" } ?? ""))
    }
  }

  /// What an export has to know before its first line.
  private struct Survey {
    /// What entities are called, for the registers that name them.
    private(set) var refs: [EntityID: String] = [:]
    /// The columns of a table.
    private(set) var columns: [ExactString] = []
    /// What the fields of a table hold.
    private(set) var kinds: [ExactString: ExportedColumn.Kind] = [:]
    private(set) var count = 0
    /// What customers said about the use of their data, of those who said anything or were erased; of merged profiles each has
    /// what all of them said.
    private var consents: [EntityID: Consents] = [:]
    private let standard: Consents
    /// The profiles that are one with others, of which a value may stand that another one's change replaced.
    private(set) var tied: Set<EntityID> = []

    /// The answers that count for an entity: those of its customer. Cost: for a part of a ticket that names no customer a fold.
    func consents(_ state: EntityState, _ store: Store) throws(StorageError) -> Consents {
      try Desk.customer(of: state, in: store).flatMap { consents[$0] } ?? standard
    }

    /// The columns that every table has.
    static let leading: [ExactString] = ["ref", "id"]
    static let trailing: [ExactString] = ["created", "updated"]
    /// The columns that come first, where the table has them.
    private static let first: [ExactString] = [
      "name", "subject", "status", "priority", "customer", "assignee",
    ]

    init(_ store: Store, _ options: Options, _ settings: Settings) throws(StorageError) {
      var kinds: [ExactString: ExportedColumn.Kind] = [:]
      // The sets that hold anything, whatever values are written under their names.
      var held: Set<ExactString> = []
      var refs: [EntityID: String] = [:]
      var count = 0
      var consents: [EntityID: Consents] = [:]
      var linked: [EntityID] = []
      standard = try Consents(nil, settings, in: store)
      try store.forEachState { (state) throws(StorageError) in
        refs[state.id] = state.text("ref") ?? state.id.description
        let isErased = state.isErased && state.id.type == Vocabulary.customer
        if state.id.type == Vocabulary.customer, !(state.linked.isEmpty && state.unlinked.isEmpty) {
          linked.append(state.id)
        } else if isErased
          || state.registers.keys.contains(where: { $0.text.hasPrefix(Vocabulary.consentPrefix) })
        {
          consents[state.id] = try Consents(state, settings, in: store)
        }
        guard options.type == nil || state.id.type == options.type else { return }
        count += 1
        guard options.kind.type != nil else { return }
        for (field, count) in state.counters where count != 0 && kinds[field] == nil { kinds[field] = .count }
        for field in state.sets.keys where !held.contains(field) {
          if !state.elements(field).isEmpty {
            held.insert(field)
            kinds[field] = .set
          } else if kinds[field] == nil {
            kinds[field] = .set
          }
        }
        for (field, register) in state.registers
        where kinds[field] != .json && field != "ref" && !held.contains(field) {
          guard let value = register.shown(Vocabulary.policy(type: state.id.type, field: field))?.value else {
            continue
          }
          kinds[field] = value.string == nil && !value.isNull ? .json : ExportedColumn.text(field)
        }
      }
      // A profile may be tied by what stands on the other one only, and the whole is read once for all of them.
      var whole: Set<EntityID> = []
      for id in linked where !whole.contains(id) {
        let theirs = try Consents(try store.mergedState(of: id), settings, in: store)
        for member in try store.members(of: id) {
          whole.insert(member)
          consents[member] = theirs
        }
      }
      tied = whole
      self.refs = refs
      self.count = count
      self.consents = consents
      self.kinds = kinds
      // What means nothing elsewhere is there for who asks for it.
      let names = Set(kinds.keys).filter { !ExportedColumn.isLocal($0, of: options.type ?? "") }
      let (leading, trailing) = (Self.leading, Self.trailing)
      let placed = Set(leading + Self.first + trailing)
      columns = leading + Self.first.filter(names.contains) + names.subtracting(placed).sorted() + trailing
    }
  }

  // MARK: Changes

  private func writeChanges() throws {
    let progress = Progress(context.errors)
    defer { progress.end() }
    var first: UInt64 = 1
    var count = 0
    while first <= store.position {
      let positions = first...first + UInt64(Self.window) - 1
      var found: [(position: UInt64, change: Change)] = []
      let walk = try store.walk(ofType: options.type)
      while let (_, changes) = try walk.next() {
        for placed in changes {
          if let position = placed.position, positions.contains(position) {
            found.append((position, placed.change))
          }
        }
      }
      found.sort { $0.position < $1.position }
      count += found.count
      guard try write(found.map(\.change)) else { return }
      progress.update("exporting: \(Words.grouped(Int(min(positions.upperBound, store.position)))) changes")
      first = positions.upperBound + 1
    }
    let unsent = store.unsent.filter { options.type == nil || $0.on.type == options.type }
    _ = try write(unsent)
    if count + unsent.count == 0 { try tellNothing() }
  }

  private func write(_ changes: [Change]) throws -> Bool {
    var output: [UInt8] = []
    for change in changes {
      ChangeLine.write(change, to: &output)
      output.append(0x0A)
      guard output.count >= Self.piece else { continue }
      guard try write(output) else { return false }
      output.removeAll(keepingCapacity: true)
    }
    return output.isEmpty ? true : try write(output)
  }
}
