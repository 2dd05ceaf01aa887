import Causality
import ChangeCodec
import Codec
import Merge
import Storage

/// What a store gives back to a server that lost it.
extension Store {
  /// Changes that were set aside and that the mirror lacks, each replica's in sequence order, with the limit of
  /// their `seen`. Own ones are among them where their files here are damaged.
  ///
  /// Where the server gave a lost change's id to another one since, because a copy of the store or an older self
  /// of it went on, or where its author made some of them again, those that are lacking get other ids.
  /// To be asked when the mirror holds all that the server has. Cost: all that was set aside, in memory where it
  /// is missing; the mirror behind the shared part.
  /// - Returns: the changes, and which of what was set aside cannot be read.
  package func lostChanges() throws(StorageError) -> (
    groups: [(limit: UInt64, changes: [Change])], damage: [Damage]
  ) {
    guard let limit = try seenLimit() else { return ([], []) }
    var lacking: Set<Origin> = []
    let damage = try forEachAside { placed in
      lacking.insert(placed.change.origin)
    }
    var names: [Origin: ChangeID] = [:]
    try forEachMirrored(behind: limit) { change in
      let origin = change.origin
      let isLacking = lacking.remove(origin) != nil
      if isLacking || change.was == nil && names[origin] != nil { names[origin] = change.id }
    }
    guard !lacking.isEmpty else { return ([], damage) }
    var lost: [ReplicaID: [UInt64: Aside]] = [:]
    // What the log holds made again, and under which ids.
    var elsewhere: [ReplicaID: [UInt64: ChangeID]] = [:]
    try forEachAside { placed in
      let change = placed.change
      let origin = change.origin
      if lacking.contains(origin) {
        lost[change.id.replica, default: [:]][change.id.sequence] = Aside(placed, limit)
      } else if let name = names[origin], name != change.id {
        elsewhere[change.id.replica, default: [:]][change.id.sequence] = name
      }
    }
    var groups: [(limit: UInt64, changes: [Change])] = []
    for (replica, asides) in lost.sorted(by: { $0.key < $1.key }) {
      let ordered = asides.sorted { $0.key < $1.key }.map(\.value)
      var changes = ordered.map(\.change)
      let mark = mirrorMark(of: replica)
      let others = elsewhere[replica] ?? [:]
      // What follows a change that is under another id now may speak of it.
      let isBehindRemade = others.keys.contains { $0 < changes[0].id.sequence }
      if isBehindRemade || changes.enumerated().contains(where: { $1.id.sequence != mark + UInt64($0) + 1 }) {
        changes = try Remaking.renamed(changes, elsewhere: others)
        while mirrorMark(of: changes[0].id.replica) > 0 { changes = try Remaking.renamed(changes) }
      }
      for (change, aside) in zip(changes, ordered) {
        if let last = groups.last, last.limit == aside.limit, last.changes[0].id.replica == change.id.replica
        {
          groups[groups.count - 1].changes.append(change)
        } else {
          groups.append((aside.limit, [change]))
        }
      }
    }
    return (groups, damage)
  }

  private struct Aside {
    let change: Change
    let limit: UInt64

    init(_ placed: PlacedChange, _ limit: UInt64) {
      change = placed.change
      self.limit = min(limit, placed.seenLimit ?? limit)
    }
  }

  /// Visits what was set aside, as far as it can be read. Returns what cannot.
  @discardableResult
  private func forEachAside(_ visit: (PlacedChange) -> Void) throws(StorageError) -> [Damage] {
    var damage: [Damage] = []
    for number in try onDisk({ () throws(DiskError) in try LostHistory.numbers(disk) }) {
      let folder = LostHistory.folder(number)
      let listing = try onDisk { () throws(DiskError) in try disk.list(folder) }
      for name in listing.filter({ $0.hasSuffix(".jsonl.gz") }).sorted() {
        let path = "\(folder)/\(name)"
        let bytes = try onDisk { () throws(DiskError) in try disk.readAll(path) } ?? []
        let found = Salvage.members(bytes, of: path, limit: BlockMember.textLimit)
        damage += found.damage
        for member in found.members {
          if RunName(name.dropLast(".jsonl.gz".count)) != nil {
            // The first member of a run is its header.
            (try? RunText.parse(member.text.span))?.forEach(visit)
          } else {
            (try? BlockText.parseAll(member.text.span))?.flatMap(\.placed).forEach(visit)
          }
        }
      }
    }
    return damage
  }

  func mirrorMark(of replica: ReplicaID) -> UInt64 {
    for block in mirror.blocks.reversed() where block.replica == replica {
      return block.changes[block.count - 1].id.sequence
    }
    return runs.mark(of: replica)?.sequence ?? 0
  }
}
