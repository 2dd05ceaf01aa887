/// For each replica, the sequence up to which all of its changes are held.
///
/// Because a replica's sequence has no gaps and changes are held in sequence order, one number a replica
/// says exactly which changes are there. It never rides on a change; it is compared when a server was
/// restored and agents must find out what it lost.
public struct VersionVector: Hashable, Sendable {
  private var last: [ReplicaID: UInt64]

  /// A vector that holds no change.
  public init() {
    last = [:]
  }

  /// The last held sequence of a replica, 0 for none. Setting 0 forgets the replica.
  public subscript(replica: ReplicaID) -> UInt64 {
    get { last[replica] ?? 0 }
    set { last[replica] = newValue == 0 ? nil : newValue }
  }

  /// The replicas of which it holds any change.
  public var replicas: some Collection<ReplicaID> { last.keys }
  /// How many replicas it holds changes of.
  public var count: Int { last.count }

  /// Whether it holds a change: that one's replica got at least so far.
  public func contains(_ id: ChangeID) -> Bool { id.sequence <= self[id.replica] }

  /// Takes the greater sequence of each replica.
  public mutating func merge(_ other: VersionVector) {
    last.merge(other.last) { max($0, $1) }
  }
}
