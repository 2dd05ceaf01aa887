import Agent
import Causality
import Codec
import Foundation
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

@Suite struct DuplicateTests {
  private func desk() throws -> Desk {
    let environment = NodeClock(VirtualClock()).environment(SeededGenerator(seed: 5))
    return Desk(try Store.make(disk: MemoryDisk(), root: "", agent: "anna", environment: environment))
  }

  private func profile(
    _ desk: Desk, _ name: String, birth: String? = nil, phone: String? = nil, email: String? = nil,
    street: String? = nil, city: String? = nil, postcode: String? = nil
  ) throws -> EntityID {
    var address: [String: String] = [:]
    address["street"] = street
    address["city"] = city
    address["postcode"] = postcode
    var fields: [ExactString: JSONText] = [:]
    if let birth { fields["fact.birth_date"] = JSONText(object: [("value", JSONText(birth))]) }
    return try desk.newCustomer(
      name: name, phones: phone.map { [$0] } ?? [], emails: email.map { [$0] } ?? [], address: address,
      fields: fields
    ).on
  }

  @Test(
    "Typing mistakes, changed-over names and other ways to write a date or number do not hide a duplicate")
  func found() throws {
    let desk = try desk()
    try desk.configure(Draft(set: ["country": "SE"]))
    let pairs = [
      (
        try profile(desk, "Åse Östergård", birth: "1987-03-04", city: "Lund"),
        try profile(desk, "Ostergaard Ase", birth: "4.3.1987", city: "Lund")
      ),
      (
        try profile(desk, "Jan de Vries", phone: "070-123 45 67", city: "Malmö"),
        try profile(desk, "jan devries", phone: "+46 70 123 45 67", city: "malmo")
      ),
      (
        try profile(desk, "Иван Петров", birth: "1990-12-01", street: "Storgatan 4", postcode: "22350"),
        try profile(desk, "Петров Иван", birth: "1990-12-01", street: "Storgatan 4B", postcode: "223 50")
      ),
      (
        try profile(desk, "Maria Lindqvist", email: "m.lindqvist@example.org"),
        try profile(desk, "Maria Lindkvist", email: "M.Lindqvist@Example.org")
      ),
    ]
    for (left, right) in pairs {
      #expect(try desk.duplicates(of: left).map(\.other) == [right])
      #expect(try desk.duplicates(of: right).map(\.grade) == [.likely])
    }
    let all = try desk.duplicates()
    #expect(Set(all.map { Set([$0.profile, $0.other]) }) == Set(pairs.map { Set([$0.0, $0.1]) }))
  }

  @Test("People of one house and one name are no duplicates; nor those that share a name alone")
  func household() throws {
    let desk = try desk()
    for name in ["Anna Lind", "Bo Lind", "Karl Lind"] {
      _ = try profile(
        desk, name, phone: "+46 46 123 456", street: "Storgatan 4", city: "Lund", postcode: "22350")
    }
    _ = try profile(desk, "Anna Lind", street: "Kungsgatan 17", city: "Umeå", postcode: "90325")
    #expect(try desk.duplicates().isEmpty)
  }

  @Test("While somebody types, the person is found by what is there so far, and by a few profiles")
  func typing() throws {
    let desk = try desk()
    let anna = try profile(desk, "Anna Lindqvist", phone: "+46701234567", city: "Lund")
    for index in 0..<100 { _ = try profile(desk, "Bo Ek \(index)", phone: "+4670999\(1000 + index)") }
    func typed(_ name: String, phone: String? = nil) throws -> [EntityID] {
      var sketch = PersonSketch()
      sketch.add(name: name)
      if let phone { sketch.add(phone: phone, country: "SE") }
      return try desk.similarCustomers(to: sketch, isPartial: true).map(\.other)
    }
    for compacted in [false, true] {
      if compacted { try desk.store.compact(all: true) }
      #expect(try typed("anna lin") == [anna])
      #expect(try typed("lindqvist ann") == [anna])
      #expect(try typed("a", phone: "0701234567") == [anna])
      #expect(try typed("karl lin").isEmpty)
      #expect(try typed("").isEmpty)
    }
  }

  @Test("Pairs that were merged, or said to be different people, are not suggested")
  func settled() throws {
    let desk = try desk()
    let ids = try (0..<3).map { _ in try profile(desk, "Anna Lind", birth: "1987-03-04") }
    #expect(try desk.duplicates().count == 3)
    try desk.mergeCustomers(ids[0], ids[1])
    #expect(try desk.duplicates().count == 1)
    #expect(try desk.duplicates(of: ids[2]).map(\.other) == [ids.sorted()[0]])
    try desk.distinguishCustomers(ids[1], ids[2])
    #expect(try desk.duplicates().isEmpty)
    for id in ids { #expect(try desk.duplicates(of: id).isEmpty) }
  }

  @Test("On a slice of Febrl's data set 4, one by one and all at once")
  func febrl() throws {
    let desk = try desk()
    var numbers: [EntityID: String] = [:]
    for part in ["4a", "4b"] {
      for row in try Self.rows("febrl_dataset\(part)") {
        let id = try profile(
          desk, row[1] + " " + row[2], birth: row[9], street: row[3] + " " + row[4], city: row[6],
          postcode: row[7])
        try desk.set(id, ["address.line2": row[5], "address.region": row[8]])
        numbers[id] = String(row[0].split(separator: "-")[1])
      }
    }
    let pairs = try desk.duplicates()
    let right = pairs.count { numbers[$0.profile ?? $0.other] == numbers[$0.other] && $0.profile != $0.other }
    #expect(numbers.count == 500)
    #expect(right == pairs.count)
    #expect(right >= 243)
    // A profile's own duplicates are found by the index what the whole scan finds.
    try desk.store.compact(all: true)
    for pair in pairs.prefix(40) {
      let profile = try #require(pair.profile)
      #expect(try desk.duplicates(of: profile).contains { $0.other == pair.other && $0.bits == pair.bits })
    }
  }

  /// The rows of a data set without its head; fields have no commas of their own.
  private static func rows(_ name: String) throws -> [[String]] {
    let path =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path + "/Fixtures/febrl/\(name).csv.gz"
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let text = String(decoding: try Inflater().inflateAll(bytes, limit: 1 << 20), as: UTF8.self)
    return text.split(separator: "\n").dropFirst().map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map { String($0.drop { $0 == " " }) }
    }
  }
}
