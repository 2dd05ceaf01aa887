import DeskSupport
import Merge
import ServiceDesk

extension TwoDesks {
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
}
