import Causality
import Codec
import Storage
import Synchronization

/// Giving the store's lock back while this process waits for somebody: a server, a person, another program. An agent's edits must
/// not wait for a network.
extension Store {
  /// Held by whoever syncs a store or puts it right, all the while, so that two of them never take turns.
  static let syncLock = "syncing"
  static let lockPath = "lock"

  /// Takes a store's lock. What another process left in the lock's file to see whether somebody came is taken away.
  ///
  /// - Returns: nil where another process holds it.
  static func takeLock(_ disk: any Disk) throws(StorageError) -> (any Sendable)? {
    try onDisk { () throws(DiskError) -> (any Sendable)? in
      guard let lock = try disk.lock(lockPath) else { return nil }
      let file = try disk.open(lockPath, .update)
      if try file.size() > 0 { try file.truncate(to: 0) }
      return lock
    }
  }

  /// The lock of a sync.
  ///
  /// - Throws: `StorageError.locked` where another process syncs this store.
  func takeSyncLock() throws(StorageError) -> any Sendable {
    guard let lock = try onDisk({ () throws(DiskError) in try disk.lock(Self.syncLock) }) else {
      throw .locked(root)
    }
    return lock
  }

  /// Takes the lock of whoever delivers this store's messages, beside the store's own: that one is lent while a sync or a
  /// message is under way. A message that is marked as being sent, and that this process does not send itself, was left by one
  /// that stopped; without this lock two gateways on one store would each take what the other is sending for that, and record
  /// it as failed although it goes out.
  ///
  /// - Returns: nil where another one delivers; what this returns is held until it is released or goes.
  /// - Throws: `StorageError`, `.readOnly` for a store that was opened for reading.
  public func takeGatewayLock() throws(StorageError) -> GatewayLock? {
    try requireWriting()
    return try onDisk { () throws(DiskError) in try disk.lock("delivering") }.map { GatewayLock($0) }
  }

  /// Runs `body`, which waits for somebody and does not touch the store, while other processes may write to the store. What
  /// they wrote is read afterwards.
  ///
  /// Cost: a few calls of the system; where somebody wrote, that of opening the store.
  /// - Parameter forever: whether to wait for the lock however long somebody keeps it, for what must be noted behind `body`.
  ///   Else it is given up after half a minute.
  /// - Throws: `StorageError` where the lock cannot be taken again, `.locked` where somebody kept it, or what others wrote cannot
  ///   be read; the store then writes nothing before it has read its files.
  package func lending<Answer, Failure>(
    waiting forever: Bool = false, _ body: () throws(Failure) -> Answer
  ) throws(StorageError) -> Result<Answer, Failure> {
    guard let mark = lend() else { return Result(catching: body) }
    let result = Result(catching: body)
    try takeBack(mark, waiting: forever)
    return result
  }

  /// Takes the lock back, and reads the store again where anybody had it meanwhile.
  ///
  /// What lies in the lock's file goes in any case: it may be the mark of another one who lent the lock, and has to see that this
  /// process had it.
  func takeBack(_ mark: [UInt8], waiting forever: Bool = false) throws(StorageError) {
    do throws(StorageError) {
      // A command that has it works and will be done; a program that keeps a store open may never be.
      var tries = 0
      while lock == nil {
        guard forever || tries < environment.lockTries else { throw .locked(root) }
        tries += 1
        lock = try onDisk { () throws(DiskError) in try disk.lock(Self.lockPath) }
      }
      let isUntouched = try onDisk { () throws(DiskError) in
        let file = try disk.open(Self.lockPath, .update)
        let found = try file.read(at: 0, count: file.size())
        try file.truncate(to: 0)
        return found == mark
      }
      if isUntouched { return }
    } catch {
      lock = nil
      isInDoubt = true
      throw error
    }
    isInDoubt = true
    try settleDoubt()
  }

  /// Gives the lock back, and leaves a mark in its file that whoever takes it removes; nil, and the lock stays, where the
  /// disk refuses or only the disk knows what counts.
  func lend() -> [UInt8]? {
    guard access == .writing, !isInDoubt, lock != nil else { return nil }
    let mark = Array(String(environment.random(), radix: 16).utf8)
    do {
      let file = try disk.open(Self.lockPath, .replace)
      try file.append(mark.span)
    } catch {
      return nil
    }
    lock = nil
    return mark
  }

  /// Takes the lock again where it could not be had behind lending it.
  func regainLock() throws(StorageError) {
    guard access == .writing, lock == nil else { return }
    lock = try Self.takeLock(disk)
    if lock == nil { throw .locked(root) }
  }
}

/// Keeps other gateways from delivering the messages of a store. See `Store.takeGatewayLock`.
public final class GatewayLock: Sendable {
  private let held: Mutex<(any Sendable)?>

  init(_ lock: any Sendable) { held = Mutex(lock) }

  /// Lets another gateway work. Call it at the end, in a `defer`: an object that nobody mentions any more may go early, and the
  /// lock with it.
  public func release() { held.withLock { $0 = nil } }
}
