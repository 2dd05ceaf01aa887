import Causality
import ChangeCodec
import Codec
import Merge
import Storage

/// Erasures in a store: known once they have a place in the workspace's order, then carried out in every file.
///
/// An erasure that was not sent yet hides what it erases, and no more: the server may refuse it. From its place on, what
/// arrives is stored as stubs, and `scrub` takes out what was there before. A crash in between leaves erasures that are
/// known and not noted as carried out; the next command that opens the store for writing goes on.
extension Store {
  /// Whether an entity is erased: here, or by an own change that was not sent yet. Cost: none but finding it;
  /// the first time, a pass over its unsent changes.
  public func isErased(_ entity: EntityID) -> Bool {
    if erasures[entity] != nil { return true }
    if knownUnerased.contains(entity) { return false }
    let isErased = newer[entity]?.contains { $0.position == nil && $0.change.erases } == true
    if !isErased { knownUnerased.insert(entity) }
    return isErased
  }

  /// The entities that are erased in the workspace's order.
  package var erasedEntities: Set<EntityID> { Set(erasures.keys) }

  /// Those of which the erasure is carried out in all files.
  package var scrubbedEntities: Set<EntityID> {
    let note = erasureNote
    return Set(erasures.filter { $0.value <= note.position }.keys)
  }

  /// The position up to which erasures are carried out in all files; nil where none is known.
  package var erasedPosition: UInt64? {
    guard !erasures.isEmpty else { return nil }
    let note = erasureNote
    return erasures.values.contains { $0 > note.position } ? note.position : position
  }

  /// The changes that erase something and have a place in the order. Cost: the members that hold them, and the log.
  package func erasureChanges() throws(StorageError) -> [PlacedChange] {
    let newer = mirror.blocks.flatMap(\.placed).filter(\.change.erases)
    return try (runs.erasureChanges() + newer).sorted { ($0.position ?? .max) < ($1.position ?? .max) }
  }

  /// What an answer brought, with stubs in the places of what is erased, and what `erasures` are once it is stored.
  func erasing(_ members: [BlockMember]) -> (members: [BlockMember], erasures: [EntityID: UInt64]) {
    var known = erasures
    for erasure in members.flatMap(\.blocks).flatMap(\.erasures) {
      known.merge([erasure.entity: erasure.position], uniquingKeysWith: min)
    }
    guard !known.isEmpty else { return (members, known) }
    let erased = Set(known.keys)
    let deflater = Deflater()
    return (members.map { $0.erasing(erased, deflater) ?? $0 }, known)
  }

  /// Notes that less of the order is held than erasures were carried out in: its positions may go to other changes.
  func lowerErasureNote(to position: UInt64, sum: UInt32) throws(StorageError) {
    guard erasureNote.position > position else { return }
    let note = ErasureNote(position: position, sum: sum)
    try note.write(disk)
    erasureNote = note
  }

  /// Removes a note of erasures that speaks of a place that the mirror does not have, because its end was damaged. Once the
  /// mirror has grown over that place again, the note would speak for what was edited meanwhile, too.
  func dropStaleErasureNote() throws(StorageError) {
    guard erasureNote == .none else { return }
    try onDisk { () throws(DiskError) in
      guard try disk.list("").contains(ErasureNote.path) else { return }
      try disk.remove(ErasureNote.path)
      try disk.syncFolder("")
    }
  }

  /// Carries out the erasures that are not yet: replaces bodies by stubs in all files, and removes what is derived from them
  /// and copies of damaged files. What cannot be written leaves them for the next time.
  ///
  /// Cost: nothing where none is due; else the log, all own changes, and a copy of each run that holds something to erase.
  /// - Returns: whether any was due.
  /// - Throws: `StorageError`, `.readOnly` for a store that was opened for reading.
  @discardableResult
  package func scrub() throws(StorageError) -> Bool {
    try requireWriting()
    let done = erasureNote.position
    let pending = Set(erasures.filter { $0.value > done }.keys)
    guard !pending.isEmpty else { return false }
    try rewriting { () throws(StorageError) in
      try removeCopies()
      let holding = try runs.erase(pending).holding
      try removeDerived(of: holding)
      try mirror.erase(pending)
      try OwnErasure.erase(pending, disk, folder: configuration.ownPath, replica: replica)
      try eraseAside(pending)
      try syncFolders()
      let note = ErasureNote(position: mirror.last, sum: mirror.sum)
      try note.write(disk)
      erasureNote = note
      // A reader that did not see the note yet may have stored what it derived from the old files.
      try removeDerived(of: holding)
    }
    return true
  }

  /// Replaces files that the store has open, and reads them again, also where it stopped half way: what was appended to a
  /// replaced file would be lost.
  private func rewriting(_ body: () throws(StorageError) -> Void) throws(StorageError) {
    for follower in followers.all { follower.storeWillErase() }
    try settleDoubt()
    isInDoubt = true
    do throws(StorageError) {
      try body()
    } catch {
      // Where this fails too, the next edit or sync does it first.
      try? reopen()
      throw error
    }
    try reopen()
    for follower in followers.all { follower.storeDidErase() }
  }

  /// Removes what is no part of the store's state and may hold anything: copies that `verify` kept, runs that are on their way,
  /// own changes under other ids. What is in those has a place in the order, or was made again under this id; so an erasure
  /// may know it by another name.
  private func removeCopies() throws(StorageError) {
    try onDisk { () throws(DiskError) in
      for number in try disk.list(SetAside.root) { try disk.removeFolder("\(SetAside.root)/\(number)") }
      for name in try disk.list(Self.incoming) { try disk.remove("\(Self.incoming)/\(name)") }
      for folder in try disk.list("")
      where StoreConfiguration.isOfOwn(folder) && folder != configuration.ownPath {
        try disk.removeFolder(folder)
      }
    }
  }

  /// Makes durable that files are gone, also those that were removed before: power loss must not bring back what the note
  /// says is erased. Cost: a sync for each of the store's folders.
  private func syncFolders() throws(StorageError) {
    let folders = [
      "", SetAside.root, Self.incoming, RunName.folder, MirrorLog.folder, LostHistory.root,
      configuration.ownPath,
    ]
    try onDisk { () throws(DiskError) in
      for folder in folders { try disk.syncFolderIfThere(folder) }
    }
  }

  /// Removes what is derived from runs that held something erased, and from the log.
  private func removeDerived(of holding: [RunName]) throws(StorageError) {
    let kept = Set(runs.runs.map(\.name)).subtracting(holding).map { "\($0)." }
    try onDisk { () throws(DiskError) in
      for file in try disk.list(RunName.folder)
      where !file.hasSuffix(".jsonl.gz") && !file.hasSuffix(".index")
        && (file.hasSuffix(".new") || !kept.contains { file.hasPrefix($0) })
      {
        try disk.remove("\(RunName.folder)/\(file)")
      }
    }
    try runs.removeLeftovers()
  }

  /// To be called behind storing anything that was derived from this store: where an erasure was carried out since a reader opened
  /// the store, all that is derived goes, since it may hold what was erased. It is made anew when it is needed.
  ///
  /// Whoever erases writes its note first and then looks for such files once more, so one of the two sees the other. Cost: none
  /// for a writer; a small file for a reader.
  /// - Returns: whether what was stored stays.
  @discardableResult
  package func didStoreDerived() -> Bool {
    guard let noteAtOpening, ErasureNote.read(disk) != noteAtOpening else { return true }
    for file in (try? disk.list(RunName.folder)) ?? []
    where ![".jsonl.gz", ".index", ".new"].contains(where: file.hasSuffix) {
      try? disk.remove("\(RunName.folder)/\(file)")
    }
    return false
  }

  /// Takes what is erased out of what was set aside for a server that lost it.
  private func eraseAside(_ entities: Set<EntityID>) throws(StorageError) {
    for number in try onDisk({ () throws(DiskError) in try LostHistory.numbers(disk) }) {
      let folder = LostHistory.folder(number)
      let listing = try onDisk { () throws(DiskError) in try disk.list(folder) }
      for name in listing where name.hasSuffix(".jsonl.gz") {
        if let run = RunName(name.dropLast(".jsonl.gz".count)) {
          do throws(StorageError) {
            _ = try RunErasure.erase(
              entities, in: try RunReader(disk, run, in: folder), disk, folder: folder)
            continue
          } catch {
            guard case .damaged = error else { throw error }
          }
        }
        try eraseAsideLog("\(folder)/\(name)", entities)
      }
    }
  }

  /// Writes a file that was set aside anew, without the parts that cannot be read.
  private func eraseAsideLog(_ path: String, _ entities: Set<EntityID>) throws(StorageError) {
    guard let bytes = try onDisk({ () throws(DiskError) in try disk.readAll(path) }) else { return }
    let found = Salvage.members(bytes, of: path, limit: BlockMember.textLimit)
    var isChanged = !found.damage.isEmpty
    var output: [UInt8] = []
    let deflater = Deflater()
    for member in found.members {
      if let blocks = try? BlockText.parseAll(member.text.span) {
        isChanged = isChanged || blocks.contains { $0.erasing(entities) != nil }
        output += BlockMember(blocks.map { $0.erasing(entities) ?? $0 }, deflater).bytes
      } else if let changes = try? RunText.parse(member.text.span) {
        // A member of a damaged run.
        var text = RunText()
        for placed in changes {
          let stub = placed.erasing(entities)
          isChanged = isChanged || stub != nil
          text.add(stub ?? placed)
        }
        var bytes: [UInt8] = []
        _ = text.finish(to: &bytes)
        output += deflater.compress(bytes)
      } else if (try? RunFileHeader(member.text)) != nil {
        output += deflater.compress(member.text)
      } else {
        isChanged = true
      }
    }
    if isChanged { try onDisk { () throws(DiskError) in try disk.replace(path, with: output) } }
  }

  /// Takes back the erasures that were not sent, because the server does not take them from this device: what they hid is
  /// there again, and what was made along with them and was not sent either is gone.
  ///
  /// - Returns: what they were on.
  package func withdrawErasures() throws(StorageError) -> [EntityID] {
    let erasures = own.unsent.filter(\.erases)
    let (entities, customers) = (Set(erasures.map(\.on)), Set(erasures.compactMap(\.madeForErasure)))
    guard !entities.isEmpty else { return [] }
    try rewriting { () throws(StorageError) in
      // What was derived from own changes does not know what they hid.
      try removeDerived(of: [])
      try OwnErasure.withdraw(
        disk, folder: configuration.ownPath, replica: replica, behind: acknowledged,
        of: customers)
    }
    return entities.sorted()
  }

  /// Carries out erasures in a store that no server knows: it gives its changes places itself.
  ///
  /// - Returns: whether there were any.
  /// - Throws: `StorageError`, `.readOnly` for a store that was opened for reading.
  @discardableResult
  public func eraseLocally() throws(StorageError) -> Bool {
    try requireWriting()
    guard configuration.server == nil, own.unsent.contains(where: \.erases) else { return false }
    try placeLocally()
    return try scrub()
  }
}
