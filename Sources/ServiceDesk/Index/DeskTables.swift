import Agent
import Causality
import Merge
import Storage

/// The derived tables of a store together with what is newer than they are.
final class DeskTables {
  private let store: Store
  /// Told how far the making of tables is.
  var onProgress: ((DeskProgress) -> Void)?
  /// Told when something was erased.
  var didErase: (() -> Void)?
  /// Told before changes go into a run, where it can be seen no more which of them are new.
  var willCompact: (() -> Void)?
  /// Says what need no longer be kept.
  var retained: (() throws(StorageError) -> Thinning?)?
  private let projection = DeskProjection()
  private let tableSet: TableSet
  private var newerRows: NewerRows?
  private var newerTerms = NewerTerms()
  private let token: String
  /// How many changes the store held when its newer rows were last made, as far as is known here.
  private var settledCount: Int

  init(_ store: Store) {
    self.store = store
    tableSet = TableSet(store.disk, projection)
    token = String(store.environment.random(), radix: 36)
    settledCount = Self.changeCount(store)
    store.addFollower(self)
  }

  /// One table for each run, oldest first.
  var tables: [TableReader] { tableSet.tables }

  /// Brings the tables in step with the store's runs. Cost: nothing where they are, as they mostly are.
  private func follow() throws(StorageError) {
    let runs = store.runs.runs
    // One may be stored before the next one fails.
    var isNew = true
    defer { if isNew { store.didStoreDerived() } }
    isNew = try tableSet.follow(runs, reusing: newerRows, token: token) { done, total in
      onProgress?(DeskProgress(done: done, total: total))
    }
    let base = runs.last.map { NewerRows.Base($0) } ?? .none
    if newerRows?.base != base {
      newerRows = NewerRows(store.disk, base: base, version: projection.version, isCurrent: true)
    }
  }

  /// Whether the tables are open and those of the store's runs.
  var isInStep: Bool { tableSet.isInStep(with: store.runs.runs) }

  /// Runs a question, and again after making anew what turned out to be damaged.
  func reading<Result>(_ body: () throws(StorageError) -> Result) throws(StorageError) -> Result {
    var attempt = 0
    while true {
      attempt += 1
      do {
        try follow()
        defer { if newerRows?.save() == true { store.didStoreDerived() } }
        return try body()
      } catch {
        guard case .damaged(let damage) = error, TableIdentity.isPath(damage.file), attempt < 4 else {
          throw error
        }
        tableSet.discard(damage.file)
      }
    }
  }

  // MARK: What is newer

  /// The entities of a type that have changes behind the runs, ordered.
  func newerIDs(ofType type: String) -> [EntityID] {
    store.newer.keys.filter { $0.type == type && store.newer[$0]?.isEmpty == false }.sorted()
  }

  /// The rows of the newer entities of a type, in the order of their ids; of all types for nil.
  ///
  /// Cost: a fold for each entity that changed since it was last asked for.
  func newerRows(ofType type: String?) throws(StorageError) -> [TableRow] {
    var rows: [TableRow] = []
    let ids = store.newer.keys.filter { type == nil || $0.type == type }.sorted()
    try store.readAhead(ids.filter { newerRows?.known($0, store.newer[$0] ?? []) == nil })
    for id in ids {
      if let values = try newerValues(of: id) { rows.append(TableRow(id, values)) }
    }
    return rows
  }

  /// The values of an entity that has newer changes; nil where it has none. `reading` stores what was folded.
  private func newerValues(of id: EntityID) throws(StorageError) -> [TableValue]? {
    guard let changes = store.newer[id], !changes.isEmpty else { return nil }
    if let known = newerRows?.known(id, changes) { return known.values }
    guard let state = try store.state(of: id) else { return nil }
    let values = projection.values(of: state)
    let terms = Array(projection.terms(of: id, changes))
    newerRows?.keep(NewerRows.Entry(values: values, terms: terms), id, changes)
    return values
  }

  /// The values of an entity as of now; nil where nothing is known of it. Cost: a page of each table, or a fold.
  func values(of id: EntityID) throws(StorageError) -> [TableValue]? {
    if let values = try newerValues(of: id) { return values }
    return try place(of: id).map { (rows, row) throws(StorageError) in try rows.values(row) }
  }

  /// One value of an entity as of now; nil where nothing is known of it. Cost: two pages of a table, or a fold.
  func value(_ column: String, of id: EntityID) throws(StorageError) -> TableValue? {
    if let values = try newerValues(of: id) {
      return projection.columns(ofType: id.type).firstIndex { $0.name == column }.map { values[$0] }
    }
    return try storedValue(column, of: id)
  }

  /// The value of one column as the runs have it, whatever came since. Cost: a page or two of each table.
  func storedValue(_ column: String, of id: EntityID) throws(StorageError) -> TableValue? {
    guard let (rows, row) = try place(of: id), let index = rows.column(column) else { return nil }
    return try rows.value(row, index)
  }

  /// Where the row of an entity is that counts; nil where no table has one. Cost: a page of each table.
  private func place(of id: EntityID) throws(StorageError) -> (rows: TypeReader, row: Int)? {
    for table in tables.reversed() {
      if let rows = table.rows(ofType: id.type), let row = try rows.row(of: id.origin) { return (rows, row) }
    }
    return nil
  }

  /// Whether anything is known of an entity. Cost: a page of each table.
  func contains(_ id: EntityID) throws(StorageError) -> Bool {
    if store.newer[id]?.isEmpty == false { return true }
    for table in tables {
      if try table.rows(ofType: id.type)?.row(of: id.origin) != nil { return true }
    }
    return false
  }

  /// The types of which there are entities, ordered.
  var types: [String] {
    Set(tables.flatMap(\.types)).union(store.newer.keys.map(\.type)).sorted()
  }

  /// Entities of some types whose replicas begin so, ordered, at most `limit` of each type.
  func entities(
    _ prefix: ReplicaPrefix, _ types: [String], limit: Int
  ) throws(StorageError) -> [EntityID] {
    var found: Set<EntityID> = []
    for type in types {
      for table in tables {
        guard let rows = table.rows(ofType: type) else { continue }
        var row = try rows.lowerBound(ChangeID(prefix.first, 0))
        let end = row + limit
        while row < min(end, rows.count) {
          let origin = try rows.id(row)
          guard origin.replica <= prefix.last else { break }
          if let id = EntityID(type: type, origin: origin) { found.insert(id) }
          row += 1
        }
      }
      let newer = store.newer.keys.filter {
        $0.type == type && prefix.first <= $0.origin.replica && $0.origin.replica <= prefix.last
      }
      found.formUnion(newer.sorted().prefix(limit))
    }
    return found.sorted()
  }

  // MARK: Terms

  /// The entities that a term may lead to, ordered: it was set on them once.
  ///
  /// Cost: a page or two of each table, and what was edited since the last question.
  func entities(_ term: Term) throws(StorageError) -> [EntityID] {
    try entities([term])[0]
  }

  /// For each term the entities that it may lead to, ordered.
  ///
  /// - Parameter maximum: a term that leads to more, in any one table, leads nowhere; so what is common costs a page.
  func entities(_ terms: [Term], atMost maximum: Int = .max) throws(StorageError) -> [[EntityID]] {
    let hashes = terms.map(\.hash)
    var found = hashes.map { _ in Set<EntityID>() }
    var isCommon = hashes.map { _ in false }
    for table in tables {
      for (index, hash) in hashes.enumerated() where !isCommon[index] {
        if let list = try table.entities(hash, atMost: maximum) {
          found[index].formUnion(list)
        } else {
          isCommon[index] = true
        }
      }
    }
    newerTerms.update(store.takeNews(for: self), of: store.newer, projection) {
      newerRows?.knownTerms($0, $1)
    }
    for (index, hash) in hashes.enumerated() { found[index].formUnion(newerTerms.entities(hash)) }
    return found.enumerated().map { isCommon[$0] || $1.count > maximum ? [] : $1.sorted() }
  }

  /// About how many entities of a type there are: those in several tables count more than once.
  func rowCount(ofType type: String) -> Int {
    tables.reduce(store.newer.keys.count { $0.type == type }) { $0 + ($1.rows(ofType: type)?.count ?? 0) }
  }

  // MARK: Which rows count

  /// For each table the rows of a type that no newer row replaces, as flags by row; nil where it has none.
  ///
  /// Cost: the ids of all but the oldest table, and the pages of the others that hold them.
  func current(ofType type: String) throws(StorageError) -> [[Bool]?] {
    var replaced = newerIDs(ofType: type).map(\.origin)
    var flags: [[Bool]?] = []
    for (index, table) in tables.enumerated().reversed() {
      guard let rows = table.rows(ofType: type) else {
        flags.append(nil)
        continue
      }
      var current = [Bool](repeating: true, count: rows.count)
      try rows.clear(&current, of: replaced)
      flags.append(current)
      // The oldest table hides nothing.
      if index > 0 { replaced = Self.union(replaced, try rows.allIDs()) }
    }
    return flags.reversed()
  }

  private static func union(_ left: [ChangeID], _ right: [ChangeID]) -> [ChangeID] {
    var merged: [ChangeID] = []
    merged.reserveCapacity(left.count + right.count)
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      if j == right.count || i < left.count && left[i] < right[j] {
        merged.append(left[i])
        i += 1
      } else {
        if i < left.count, left[i] == right[j] { i += 1 }
        merged.append(right[j])
        j += 1
      }
    }
    return merged
  }
}

extension DeskTables: StoreFollower {
  /// What fewer new changes touch is folded by the next list, so that a single edit does not wait for it.
  private static let eagerMinimum = 16
  /// What more entities need is left to the next list too, so that a sync does not wait for it.
  private static let eagerMaximum = 256

  func storeWillCompact() { willCompact?() }

  func thinning() throws(StorageError) -> Thinning? { try retained?() }

  /// Which changes are new, and so which conflicts, is seen before what was known of them goes.
  func storeWillErase() { willCompact?() }

  func storeDidErase() {
    tableSet.forget()
    newerRows = nil
    newerTerms = NewerTerms()
    didErase?()
  }

  func storeWillMerge() {
    // Behind a first sync there are none: to make one of the merged run takes less than one of each of its parts.
    if tableSet.isStarted { storeDidCompact(hasNewRuns: true) }
  }

  func storeDidCompact(hasNewRuns: Bool) {
    let count = Self.changeCount(store)
    // A mirror that was set back holds fewer than before.
    guard hasNewRuns || abs(count - settledCount) >= Self.eagerMinimum else { return }
    // What fails here is made by the first command that needs it.
    try? reading { () throws(StorageError) in
      if unknownCount <= Self.eagerMaximum { _ = try newerRows(ofType: nil) }
    }
    settledCount = count
  }

  /// How many entities have newer changes that no row is known for.
  private var unknownCount: Int {
    store.newer.reduce(0) { count, newer in
      newer.value.isEmpty || newerRows?.knownTerms(newer.key, newer.value) != nil ? count : count + 1
    }
  }

  private static func changeCount(_ store: Store) -> Int { Int(store.position) + store.unsent.count }
}
