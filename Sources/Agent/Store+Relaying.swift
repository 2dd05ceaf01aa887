import Causality
import ChangeCodec
import Codec
import Merge
import Storage

/// What a store gives back to a server that lost it.
extension Store {
  /// Changes that were set aside and that the mirror lacks, each replica's in sequence order, with the limit of their
  /// `seen`. Own ones are among them where their files here are damaged.
  ///
  /// Where the server gave a lost change's id to another one since, because a copy of the store or an older self
  /// of it went on, that change and those of its replica behind it get other ids.
  /// To be asked when the mirror holds all that the server has. Cost: all that was set aside, in memory where it is
  /// missing; the mirror behind the shared part.
  /// - Returns: the changes, and which of what was set aside cannot be read.
  package func lostChanges() throws(StorageError) -> (
    groups: [(limit: UInt64, changes: [Change])], damage: [Damage]
  ) {
    guard let limit = try seenLimit() else { return ([], []) }
    var lost: [ReplicaID: [UInt64: Aside]] = [:]
    var present: [ChangeID: UInt64] = [:]
    var marks: [ReplicaID: UInt64] = [:]
    let damage = try forEachAside { placed in
      let id = placed.change.id
      let mark = marks[id.replica] ?? mirrorMark(of: id.replica)
      marks[id.replica] = mark
      if id.sequence > mark {
        lost[id.replica, default: [:]][id.sequence] = Aside(placed, limit)
      } else {
        present[id] = FNV1a.hash(ChangeLine.bytes(placed.change))
      }
    }
    try forget(&present, behind: limit)
    // What is left has an id that the mirror gives to another change.
    var first: [ReplicaID: UInt64] = [:]
    for id in present.keys { first[id.replica] = min(first[id.replica] ?? id.sequence, id.sequence) }
    if !first.isEmpty {
      try forEachAside { placed in
        let id = placed.change.id
        if present[id] != nil { lost[id.replica, default: [:]][id.sequence] = Aside(placed, limit) }
      }
    }
    var groups: [(limit: UInt64, changes: [Change])] = []
    for (replica, changes) in lost.sorted(by: { $0.key < $1.key }) {
      if let from = first[replica] {
        let all = changes.filter { $0.key >= from }.sorted { $0.key < $1.key }.map(\.value)
        let remade = try remade(all.map(\.change))
        guard let new = remade.first?.id.replica else { continue }
        let mark = mirrorMark(of: new)
        groups.append((all.map(\.limit).min() ?? limit, remade.filter { $0.id.sequence > mark }))
        continue
      }
      var next = (marks[replica] ?? 0) + 1
      while let aside = changes[next] {
        if let last = groups.last, last.limit == aside.limit, last.changes.last?.id.replica == replica {
          groups[groups.count - 1].changes.append(aside.change)
        } else {
          groups.append((aside.limit, [aside.change]))
        }
        next += 1
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
    for number in try asideNumbers() {
      let folder = "\(Self.asideFolder)/\(number)"
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

  /// Takes out of `present` what the mirror holds, looking only behind the part that both lineages share.
  private func forget(_ present: inout [ChangeID: UInt64], behind limit: UInt64) throws(StorageError) {
    func check(_ change: Change) {
      if let hash = present[change.id], hash == FNV1a.hash(ChangeLine.bytes(change)) {
        present[change.id] = nil
      }
    }
    for run in runs.runs where run.name.last > limit && !present.isEmpty {
      for member in 0..<run.index.memberCount {
        for placed in try run.changes(member) { check(placed.change) }
      }
    }
    for block in mirror.blocks where block.last > limit { block.changes.forEach(check) }
  }

  private func mirrorMark(of replica: ReplicaID) -> UInt64 {
    for block in mirror.blocks.reversed() where block.replica == replica {
      return block.changes[block.count - 1].id.sequence
    }
    return runs.mark(of: replica)?.sequence ?? 0
  }
}
