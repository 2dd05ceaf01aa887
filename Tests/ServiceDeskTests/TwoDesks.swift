import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage
import TestSupport

/// Two agents of one workspace with a server between them: each works offline until both sync.
struct TwoDesks {
  let local: LocalDesk
  let anna: Desk
  let bo: Desk

  /// - Parameter seed: of the stores' randomness; nil for the system's.
  init(seed: UInt64? = nil) throws {
    let local = try LocalDesk()
    self.local = local
    let stores = try [("anna", UInt64(1)), ("bo", 2)].map { name, number in
      try local.store(name, seed: seed.map { $0 &* 2 &+ number })
    }
    for store in stores { try local.join(store) }
    anna = Desk(stores[0])
    bo = Desk(stores[1])
  }

  /// Both send and receive until both have everything.
  func sync() throws {
    for desk in [anna, bo, anna] { try local.sync(desk.store) }
  }

  /// A customer that both know.
  func customer(_ name: String = "Maja Lind") throws -> EntityID {
    let id = try anna.newCustomer(name: name, phones: ["+46 70 123 45 67"]).on
    try sync()
    return id
  }

  /// A ticket that both know.
  func ticket(_ customer: EntityID?, _ subject: String = "The tap leaks") throws -> EntityID {
    let id = try anna.newTicket(customer: customer, subject: subject, channel: "phone", message: "It drips")
      .on
    try sync()
    return id
  }

  /// Whether both hold the same.
  func agree() throws -> Bool { try anna.store.digest() == bo.store.digest() }
}
