import Agent
import Causality
import Codec
import Merge
import Storage
import TestSupport

/// One device: the real store and the real client, on a disk in memory.
final class SimAgent {
  /// The device, in traces. A copied store's devices have names of their own and one agent.
  let name: String
  /// The agent, as the server knows them.
  let agent: String
  let clock: NodeClock
  private(set) var disk: MemoryDisk
  private(set) var store: Store?
  private var generator: SeededGenerator
  private let sizes: Sizes
  let environment: Environment

  /// Whether the server takes erasures from it.
  let isSupervisor: Bool
  /// A request is under way: nobody else may use the store.
  var isBusy = false
  /// The step until which the device is offline.
  var offlineUntil = 0
  /// Edits go on, but the server refuses the device.
  var isRevoked = false
  /// An older copy of the disk.
  var olderCopy: MemoryDisk?
  private var isSettingsRotten = false

  init(
    _ name: String, agent: String, _ generator: SeededGenerator, _ clock: NodeClock, _ sizes: Sizes,
    isSupervisor: Bool = true
  ) {
    self.isSupervisor = isSupervisor
    self.name = name
    self.agent = agent
    self.clock = clock
    self.sizes = sizes
    self.generator = generator
    disk = MemoryDisk(self.generator.split())
    var environment = clock.environment(self.generator.split())
    environment.sizes = sizes
    self.environment = environment
  }

  /// Another device with a copy of this one's disk.
  func copy(_ name: String, _ clock: NodeClock) -> SimAgent {
    let copy = SimAgent(name, agent: agent, generator.split(), clock, sizes, isSupervisor: isSupervisor)
    copy.disk = disk.copy(generator.split())
    copy.isRevoked = isRevoked
    copy.isSettingsRotten = isSettingsRotten
    return copy
  }

  /// Makes the store.
  func make() throws {
    store = try Store.make(disk: disk, root: name, agent: agent, environment: environment)
  }

  /// Opens the store. Where it says that it is damaged, `askonce verify` puts right what it can.
  ///
  /// - Throws: `StorageError` where the disk refuses.
  func open() throws(StorageError) {
    store = nil
    do throws(StorageError) {
      store = try Store(disk: disk, root: name, .writing, environment: environment)
    } catch {
      guard case .damaged = error else { throw error }
      try verify()
    }
  }

  /// Reads every byte and puts right what can be put right.
  @discardableResult
  func verify() throws(StorageError) -> StoreCheck {
    store = nil
    let check = try Store.verify(disk: disk, root: name, repairing: true, environment: environment)
    isSettingsRotten = false
    store = try Store(disk: disk, root: name, .writing, environment: environment)
    return check
  }

  /// The process is gone.
  func stop() {
    store = nil
  }

  /// Starts the machine again after a crash, or the process after `kill -9`.
  func restart(losingPower: Bool) {
    stop()
    disk.restart(losingPower: losingPower)
  }

  /// Puts the older copy in the place of the disk.
  func rollBack() {
    guard let olderCopy else { return }
    stop()
    disk = olderCopy.copy(generator.split())
  }

  func keepCopy() {
    olderCopy = disk.copy(generator.split())
  }

  /// Joins the server with a one-time code.
  func join(_ transport: any Transport, code: String) throws(SyncError) {
    guard let store else { return }
    let enrolment = try ServerLink.join(transport, code: code, replica: store.replica, agent: agent)
    do throws(StorageError) {
      try store.bind(
        server: "http://simulated", workspace: enrolment.workspace, agent: enrolment.agent,
        role: enrolment.role,
        token: enrolment.token)
    } catch {
      throw .storage(error)
    }
  }

  /// Flips a bit of the store. Of the settings only one: two are more than `askonce verify` can mend.
  func rot() -> (path: String, offset: Int)? {
    let place = disk.flipBit { !$0.hasSuffix(".new") && !(isSettingsRotten && $0 == "store.json") }
    if place?.path == "store.json" { isSettingsRotten = true }
    return place
  }
}
