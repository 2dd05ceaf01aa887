import Agent
import Codec
import Merge
import ServiceDesk
import Storage
import URLTransport

/// Joins a workspace, fetches what colleagues know, and records a call. A store and its desk belong to one thread, or to
/// an actor; `Store(at: path, .writing)` opens the store the next time.
func recordCall(from number: String, at path: String, _ server: String, _ code: String) throws -> EntityID {
  let store = try Store.make(at: path, agent: "anna")
  let transport = try URLTransport(server)
  try store.join(transport, server: server, code: code)
  let client = try SyncClient(store, transport)
  _ = try client.sync()

  let desk = Desk(store)
  let customer =
    try desk.findCustomers(number).first?.customer.id
    ?? desk.newCustomer(name: "Søren Åkesson", phones: [number]).on
  let ticket = try desk.newTicket(customer: customer, subject: "The tap leaks", channel: "phone").on
  if try desk.answers(customer, ["floor"])[0].state == .unknown {
    // Nobody knows it yet: ask, and nobody else has to.
    try desk.setFact(customer, NewFact("floor", JSONText(3)))
  }
  // What was typed is on disk already; without a network it waits for the next sync.
  _ = try client.sync()
  return ticket
}
