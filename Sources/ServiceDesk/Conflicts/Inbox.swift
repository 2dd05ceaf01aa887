import Agent
import Causality
import Codec
import Merge
import Storage

/// The conflicts of a store, kept in step with its changes.
///
/// What the file knows is as of a position; what changed since is looked at again: the entities themselves, and those
/// that look at them. Cost of a question: what is new since the file was written; a few hundred entities more and it
/// is written anew.
final class Inbox {
  private unowned let desk: Desk
  private var file: InboxFile? { didSet { allLines = nil } }
  /// All lines of the file, once somebody asked for them: a question behind an edit asks twice.
  private var allLines: [InboxFile.Line]?
  /// The entries of entities that changed since the file was written.
  private var overlay: [EntityID: [Conflict]] = [:]
  /// As of when the overlay is.
  private var current: InboxFile.Base?
  /// Open entries that were not there when this was first in step, as of `current`.
  private var arrivals: [Conflict] = []

  /// When somebody began to watch; nil where nobody did, or all that was there then was looked at.
  private var watched: StoreMoment?
  /// When somebody began to watch or last asked what came up; nil where nobody did.
  private var asked: StoreMoment?

  /// With so many entities looked at again, the file is written anew.
  private static let overlayLimit = 64
  /// Of no more entities with news than these all are looked at.
  private static let fewNews = 16
  /// Of so many entities with news, nobody asks which of them have to be looked at.
  static let newsLimit = 8192
  /// Of so many changes behind the file, as a first sync brings them, neither.
  static let changesLimit: UInt64 = 1 << 16
  /// With so many entities to look at, a walk through all is faster than looking at each, which costs what 500 changes do
  /// in a walk; in a small store a few members hold all of them.
  private var walkLimit: Int { min(max(256, Int(now.position) / 500), 4000) }

  init(_ desk: Desk) {
    self.desk = desk
  }

  var store: Store { desk.store }

  private var now: InboxFile.Base {
    let end = store.checkpoints.last ?? (0, 0)
    let own = store.lastOwnSequence
    return InboxFile.Base(position: end.position, sum: end.sum, replica: store.replica, own: own)
  }

  /// Whether a file is there, so that it is worth keeping in step.
  var isInUse: Bool { file != nil || InboxFile(store.disk) != nil }

  // MARK: Questions

  /// How many are open. Cost: a header, and what is new.
  func openCount() throws(StorageError) -> Int {
    let file = try inStep()
    guard !overlay.isEmpty else { return file.openCount }
    let stale = try staleCount(file)
    return openInFile - stale + overlay.values.joined().count { $0.state == .open }
  }

  /// The first open ones, the most harmful first, and how many are open. Cost: a page, and what is new.
  func first(_ limit: Int) throws(StorageError) -> (conflicts: [Conflict], total: Int) {
    let file = try inStep()
    if overlay.isEmpty, limit <= InboxFile.pageCount {
      let open = try lines(file, all: false).filter(\.isOpen).prefix(limit).compactMap(\.conflict)
      return (open, openInFile)
    }
    let stale = try staleCount(file)
    let fresh = overlay.values.joined().filter { $0.state == .open }
    let total = openInFile - stale + fresh.count
    let owners = ownerTexts
    // The file's order is that of the result, so no more than the limit of it can be wanted; often its first page is enough.
    func open(all: Bool) throws(StorageError) -> [Conflict] {
      try lines(file, all: all).lazy.filter { $0.isOpen && !$0.isOn(owners) }.prefix(limit).compactMap(
        \.conflict)
    }
    var kept = try open(all: limit > InboxFile.pageCount)
    if limit <= InboxFile.pageCount, kept.count < limit, kept.count + fresh.count < total {
      kept = try open(all: true)
    }
    return (Array((kept + fresh).sorted(by: InboxFile.precedes).prefix(limit)), total)
  }

  /// How many open entries the file has; another number than before where it turned out to be damaged and was made anew.
  private var openInFile: Int { file?.openCount ?? 0 }

  private var ownerTexts: Set<ArraySlice<UInt8>> { Set(overlay.keys.map { Array("\($0)".utf8)[...] }) }

  /// How many open entries of the file are of entities that were looked at again.
  private func staleCount(_ file: InboxFile) throws(StorageError) -> Int {
    if overlay.isEmpty { return 0 }
    let owners = ownerTexts
    return try lines(file, all: true).count { $0.isOpen && $0.isOn(owners) }
  }

  /// All entries, or all open ones, in order. Cost: per entry.
  func all(openOnly: Bool) throws(StorageError) -> [Conflict] {
    let file = try inStep()
    var found = overlay.values.joined().filter { !openOnly || $0.state == .open }
    let owners = ownerTexts
    for line in try lines(file, all: true) {
      if openOnly, !line.isOpen { break }
      if !owners.isEmpty, line.isOn(owners) { continue }
      if let conflict = line.conflict { found.append(conflict) }
    }
    return found.sorted(by: InboxFile.precedes)
  }

  /// The ids of all entries, or of all open ones. Cost: a page for up to 64 open ones; else per entry.
  func ids(openOnly: Bool) throws(StorageError) -> [String] {
    let lines = try lines(inStep(), all: !openOnly || openInFile > InboxFile.pageCount)
    let owners = ownerTexts
    let kept = lines.lazy.filter { ($0.isOpen || !openOnly) && !$0.isOn(owners) }.compactMap(\.id)
    return kept + overlay.values.joined().filter { !openOnly || $0.state == .open }.map(\.id)
  }

  /// Begins to watch for open entries that come up.
  ///
  /// Cost: none where the inbox was looked at before. What the store made since then is looked at later, together with what
  /// comes, and told apart from it.
  func watch() throws(StorageError) {
    if let file = file ?? InboxFile(store.disk), isValid(file.base) {
      self.file = file
      watched = StoreMoment(store)
    } else {
      _ = try inStep()
    }
    arrivals = []
    asked = StoreMoment(store)
  }

  /// Open entries that came up since somebody began to watch or last asked, and forgets them.
  ///
  /// - Parameter isWanted: which of them are wanted.
  func takeArrivals(_ isWanted: (Conflict) -> Bool) throws(StorageError) -> [Conflict] {
    _ = try inStep()
    defer {
      arrivals = []
      watched = nil
      asked = asked.map { _ in StoreMoment(store) }
    }
    var seen: Set<String> = []
    let new = arrivals.filter { isWanted($0) && seen.insert($0.id).inserted }
    guard let watched else { return new }
    // Before a second one was known, there was nothing to disagree with.
    let owners = Set(new.filter { $0.sides.count(where: watched.holds) > 1 || $0.sides.count < 2 }.map(\.on))
    if owners.isEmpty { return new }
    let known = try desk.reading { () throws(StorageError) in
      var reader = try CaseReader(desk: desk, asOf: watched)
      reader.twinned = Set(new.lazy.filter { $0.kind == .createdTwice }.map(\.on))
      return try reader.conflicts(of: owners.sorted()).joined()
    }
    let old = Set(known.lazy.filter { $0.state == .open }.map(\.id))
    return new.filter { !old.contains($0.id) }
  }

  // MARK: Keeping in step

  /// Writes what is new to the file before compaction hides which changes are new.
  ///
  /// Not what a first sync brings: all of that is new also behind it, when there are fewer runs to read.
  func settleBeforeCompaction() throws(StorageError) {
    if (file ?? InboxFile(store.disk))?.base.position == 0, store.position >= Self.changesLimit { return }
    _ = try inStep()
    if !overlay.isEmpty { try save() }
  }

  /// Forgets what may quote something that was erased; the next question makes it anew.
  func forget() {
    file = nil
    current = nil
    overlay = [:]
  }

  private func lines(_ file: InboxFile, all: Bool) throws(StorageError) -> [InboxFile.Line] {
    if all, let allLines { return allLines }
    if let lines = file.lines(store.disk, all: all) {
      if all { allLines = lines }
      return lines
    }
    // Damaged, or another process wrote it anew meanwhile.
    self.file = nil
    current = nil
    overlay = [:]
    let again = try inStep(trusting: false)
    return again.lines(store.disk, all: all) ?? []
  }

  /// Brings file and overlay in step with the store.
  @discardableResult
  private func inStep(trusting: Bool = true) throws(StorageError) -> InboxFile {
    let now = now
    if let file, current == now { return file }
    if trusting { try takeOver() }
    if trusting, let file = file ?? InboxFile(store.disk), isValid(file.base) {
      self.file = file
      if file.base == now {
        current = now
        overlay = [:]
        return file
      }
      if let news = try changes(since: file.base), try look(at: news, file) {
        current = now
        if overlay.count > Self.overlayLimit { try save() }
        return self.file ?? file
      }
      // A walk tells what is open now, and the file what was.
      let owners = ownerTexts
      let known = overlay
      let old = (allLines ?? file.lines(store.disk, all: true))?.filter { $0.isOpen && !$0.isOn(owners) }
      let (made, entries) = try remake(now)
      if let old { note(entries, beside: known, and: Set(old.compactMap(\.conflict?.id))) }
      return made
    }
    return try remake(now).file
  }

  /// Takes the file that another desk wrote on this disk meanwhile for the one that is known: what that is as of, nobody can
  /// read any more. Cost: a header; where there is another one, what is in it.
  private func takeOver() throws(StorageError) {
    guard let file, file.isStored, let other = InboxFile(store.disk), other.base != file.base,
      isValid(other.base),
      let lines = other.lines(store.disk, all: true)
    else { return }
    self.file = other
    let known = overlay
    overlay = [:]
    current = nil
    guard asked != nil else { return }
    // Which of them were open when somebody last asked is told by the store as it was then.
    watched = watched ?? asked
    let open = lines.lazy.filter(\.isOpen).compactMap(\.conflict)
    forgetArrivals(unlessIn: Array(open)) { _ in true }
    note(Array(open), beside: known, and: Set(arrivals.map(\.id)))
  }

  /// Whether what a file says is of this store's present history.
  private func isValid(_ base: InboxFile.Base) -> Bool {
    base.replica == store.replica && base.own <= store.lastOwnSequence
      && store.checkpoints.contains { $0.position == base.position && $0.sum == base.sum }
  }

  /// Looks again at what news concern. False where that is too much.
  private func look(at news: [EntityID: [PlacedChange]], _ file: InboxFile) throws(StorageError) -> Bool {
    // Of few it takes less to look at all than to read which have entries.
    let listed = news.count > Self.fewNews ? try listed(among: news.keys, file) : nil
    let fresh = try desk.reading { () throws(StorageError) -> [EntityID: [Conflict]]? in
      var reader = try CaseReader(desk: desk)
      var touched = Array(news.keys)
      if let listed {
        let plain = try PlainNews(store, desk.tables, listed: listed, of: news.count)
        touched = []
        for (id, changes) in news where try !plain.includes(id, changes) { touched.append(id) }
      }
      if touched.count > walkLimit { return nil }
      touched.sort()
      var owners: Set<EntityID> = []
      var twinned = Set(try lines(file, all: true).lazy.filter(\.isOfTwins).compactMap(\.owner))
      try store.forEachBatch(of: touched) { (some) throws(StorageError) in
        for id in some {
          owners.formUnion(
            try reader.owners(touchedBy: id, news[id] ?? [], of: news.count, twinned: &twinned))
        }
      }
      owners.formUnion(try ownersBeside(touched, file))
      // The entries of those that are shown as one are at the first of them.
      let linked = Set(try desk.tables.entities(.linked))
      for id in owners.intersection(linked) {
        if let first = try store.members(of: id).first { owners.insert(first) }
      }
      reader.twinned = twinned.union(linked)
      var fresh: [EntityID: [Conflict]] = [:]
      let ordered = owners.sorted()
      for (owner, found) in zip(ordered, try reader.conflicts(of: ordered)) { fresh[owner] = found }
      return fresh
    }
    guard let fresh else { return false }
    let known = overlay
    overlay = fresh
    let entries = Array(fresh.values.joined())
    forgetArrivals(unlessIn: entries) { fresh[$0.on] != nil }
    guard entries.contains(where: { $0.state == .open }) else { return true }
    let owners = ownerTexts
    let old = try lines(file, all: true).lazy.filter { $0.isOpen && $0.isOn(owners) }.compactMap(\.id)
    note(entries, beside: known, and: Set(old))
    return true
  }

  /// The entities with entries in the file of which something among others is a side: what changed there may have ended them,
  /// and may not lead to them any more. Cost: per entry.
  private func ownersBeside(_ touched: [EntityID], _ file: InboxFile) throws(StorageError) -> Set<EntityID> {
    let names = Set(touched.map { Array("\($0)".utf8)[...] })
    return Set(try lines(file, all: true).lazy.filter { $0.hasSide(on: names) }.compactMap(\.owner))
  }

  /// Of some entities those that have entries in the file, and whether these are all about fields. Cost: per entry.
  private func listed(
    among entities: some Sequence<EntityID>, _ file: InboxFile
  ) throws(StorageError) -> [EntityID: Bool] {
    let names = Set(entities.map { Array("\($0)".utf8)[...] })
    var listed: [EntityID: Bool] = [:]
    for line in try lines(file, all: true) where line.isOn(names) {
      if let owner = line.owner { listed[owner] = listed[owner] != false && line.isOfField }
    }
    return listed
  }

  /// Notes which entries are open that were neither in the overlay nor among others that were open.
  private func note(_ entries: [Conflict], beside known: [EntityID: [Conflict]], and old: Set<String>) {
    let old = old.union(known.values.joined().lazy.filter { $0.state == .open }.map(\.id))
    arrivals += entries.filter { $0.state == .open && !old.contains($0.id) }
  }

  /// Some were looked at again: those that are not open any more are no news.
  private func forgetArrivals(unlessIn entries: [Conflict], _ isLookedAt: (Conflict) -> Bool) {
    guard !arrivals.isEmpty else { return }
    let open = Set(entries.lazy.filter { $0.state == .open }.map(\.id))
    arrivals.removeAll { isLookedAt($0) && !open.contains($0.id) }
  }

  private func save() throws(StorageError) {
    let known = try file.map { (file) throws(StorageError) in try lines(file, all: true) } ?? []
    // Where the file turned out to be damaged, it was made anew with all that is in the overlay.
    guard let current, !overlay.isEmpty else { return }
    var entries = overlay.values.joined().map(\.self)
    for line in known {
      if let owner = line.owner, overlay[owner] == nil, let conflict = line.conflict {
        entries.append(conflict)
      }
    }
    file = InboxFile.write(entries, current, to: store.disk, store.didStoreDerived)
    overlay = [:]
  }

  /// Makes the file anew from all changes. Cost: per store.
  private func remake(_ now: InboxFile.Base) throws(StorageError) -> (file: InboxFile, entries: [Conflict]) {
    let entries = try desk.reading { () throws(StorageError) in try InboxSurvey(desk).conflicts() }
    let made = InboxFile.write(entries, now, to: store.disk, store.didStoreDerived)
    file = made
    current = now
    overlay = [:]
    forgetArrivals(unlessIn: entries) { _ in true }
    return (made, entries)
  }
}
