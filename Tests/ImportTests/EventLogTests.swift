import Causality
import Codec
import Import
import Merge
import Testing

@Suite struct EventLogTests {
  static func mapping(_ more: String = "") throws -> Mapping {
    try Mapping(
      json: Array(
        """
        {"kind": "events", "id": "{id}", "time": {"from": "{at}", "format": "epoch"}, "agent": "{by}",
         "unknown": ["", "?"],
         "fields": {
          "status": {"from": "{does}", "values": {"take": "open", "close": "closed"}, "otherwise": "same"},
          "team": "{team}", "customer": {"from": "{who}", "link": "customer"}},
         "sets": {"tags": [{"from": "{tags}", "separator": " "}]},
         "timeline": {"when": "unchanged", "entry": {"kind": "event", "text": "{does}"}} \(more)}
        """.utf8))
  }

  static let rows = """
    id,at,by,does,team,who,tags
    A,1,ann,take,?,C1,x y
    B,2,bo,look,T1,,
    A,3,bo,look,T1,C1,y z
    A,4,ann,look,T1,C1,y z
    A,4,ann,look,T1,C1,y z
    A,6,ann,close,?,?,
    A,5,cy,take,,C2,
    """

  @Test func differencesOfRowsThatDoNotStandTogether() throws {
    let imported = try Imported(.table(Self.mapping()), Self.rows)
    #expect(
      imported.edits.map(\.text) == [
        #"ticket/A 1970-01-01T00:00:01.000Z ann status="open" customer->customer/C1 tags+[x, y]"#,
        #"ticket/B 1970-01-01T00:00:02.000Z bo team="T1""#,
        #"ticket/A 1970-01-01T00:00:03.000Z bo team="T1" tags+[z] tags-[x]"#,
        #"ticket/A 1970-01-01T00:00:04.000Z ann timeline:{"kind":"event","text":"look"}"#,
        #"ticket/A 1970-01-01T00:00:04.000Z ann timeline:{"kind":"event","text":"look"}"#,
        #"ticket/A 1970-01-01T00:00:06.000Z ann status="closed" customer= team= tags-[y, z]"#,
        #"ticket/A 1970-01-01T00:00:05.000Z cy status="open" customer->customer/C2"#,
      ])
    #expect(imported.edits.map(\.line) == [2, 3, 4, 5, 6, 7, 8])
  }

  @Test func rowsInOrderOfTime() throws {
    let lines = Self.rows.split(separator: "\n").map(String.init)
    let file = ([lines[0]] + lines[1...].reversed()).joined(separator: "\n")
    let imported = try Imported(.table(Self.mapping(#","order": "time""#)), file)
    #expect(
      imported.edits.map(\.text) == [
        #"ticket/A 1970-01-01T00:00:01.000Z ann status="open" customer->customer/C1 tags+[x, y]"#,
        #"ticket/A 1970-01-01T00:00:03.000Z bo team="T1" tags+[z] tags-[x]"#,
        #"ticket/A 1970-01-01T00:00:04.000Z ann timeline:{"kind":"event","text":"look"}"#,
        #"ticket/A 1970-01-01T00:00:04.000Z ann timeline:{"kind":"event","text":"look"}"#,
        #"ticket/A 1970-01-01T00:00:05.000Z cy team= customer->customer/C2 tags-[y, z]"#,
        #"ticket/A 1970-01-01T00:00:06.000Z ann status="closed" customer="#,
        #"ticket/B 1970-01-01T00:00:02.000Z bo team="T1""#,
      ])
  }

  @Test func keysAreOfTheRowAndNotOfTheFile() throws {
    let whole = try Imported(.table(Self.mapping()), Self.rows)
    let keys = whole.edits.map(\.once)
    #expect(Set(keys).count == keys.count, "two equal rows are two records")
    #expect(try Imported(.table(Self.mapping()), Self.rows, piece: 1).edits.map(\.once) == keys)
    let later = try Imported(.table(Self.mapping()), Self.rows + "\nB,9,bo,close,T1,,\n")
    #expect(later.edits.map(\.once).dropLast() == keys[...])
    let lines = Self.rows.split(separator: "\n")
    let part = ([lines[0]] + lines[3...]).joined(separator: "\n")
    #expect(try Imported(.table(Self.mapping()), part).edits.map(\.once) == Array(keys[2...]))
  }

  @Test func rowWithoutTimeCannotBeOrdered() throws {
    let imported = try Imported(
      .table(Self.mapping(#","order": "time""#)), Self.rows + "\nB,,bo,close,T1,,\n")
    #expect(imported.rejects.map(\.line) == [9])
    #expect(imported.edits.count == 7)
  }

  /// The mapped fields that stand for a column one to one, and the column.
  static let columns = [
    "team": "assignment_group", "assignee": "assigned_to", "priority": "priority", "impact": "impact",
    "urgency": "urgency", "topic": "category", "subcategory": "subcategory", "symptom": "u_symptom",
    "priority_confirmed": "u_priority_confirmation", "knowledge": "knowledge", "problem": "problem_id",
    "location": "location", "vendor": "vendor", "rfc": "rfc", "configuration_item": "cmdb_ci",
    "channel": "contact_type", "customer": "caller_id", "caused_by": "caused_by",
  ]

  /// Compares with what `Fixtures/uci/count.py` prints for a file.
  static func check(
    _ imported: Imported, rows: Int, incidents: Int, editors: Int, states: Int, _ counts: [String: Int]
  ) throws {
    #expect(imported.rejects == [])
    #expect(imported.edits.count == rows, "every update is an edit")
    #expect(Set(imported.edits.map(\.key)).count == incidents)
    #expect(Set(imported.edits.map(\.by)).count == editors)
    let changes = imported.changes
    for (field, column) in columns {
      #expect(changes[field, default: 0] == counts[column, default: 0], "\(field)")
    }
    // Status and what the ticket is on hold for are together what the log calls its state.
    var seen: Set<EntityKey> = []
    let stateChanges = imported.edits.count { edit in
      !seen.insert(edit.key).inserted && !Set(edit.fields).isDisjoint(with: ["status", "on_hold_for"])
    }
    #expect(stateChanges == states)
    #expect(Set(changes.keys).subtracting(columns.keys) == ["status", "on_hold_for"])
    let keys = Set(imported.edits.map { "\($0.key) \($0.once)" })
    #expect(keys.count == rows)
  }

  @Test(arguments: [1 << 20, 4093]) func uciSlice(piece: Int) throws {
    let file = try Sample.fixture("uci/incidents.csv.gz")
    let imported = try Imported(.table(try Sample.mapping("uci")), file, piece: piece)
    try Self.check(
      imported, rows: 3566, incidents: 272, editors: 161, states: 950,
      [
        "assignment_group": 1156, "assigned_to": 462, "subcategory": 119, "u_priority_confirmation": 111,
        "u_symptom": 108, "category": 100, "vendor": 8, "knowledge": 4, "priority": 4, "impact": 3,
        "location": 2,
        "urgency": 2, "cmdb_ci": 1, "problem_id": 1,
      ])
    let first = try #require(imported.edits.first { $0.key.ref == "INC0000137" })
    #expect(
      first.text == """
        ticket/INC0000137 2016-02-29T11:10:00.000Z Updated by 750 channel="phone" impact="2 - Medium" \
        knowledge=true location="Location 51" notify="Do Not Notify" opened_at="2016-02-29T09:48:00.000Z" \
        opened_by="Opened by  24" priority="normal" priority_confirmed=false status="new" \
        subcategory="Subcategory 9" symptom="Symptom 470" team="Group 70" topic="Category 32" \
        urgency="2 - Medium" customer->customer/Caller 899
        """)
  }

  @Test(.realData) func uciWhole() throws {
    let imported = try Imported(
      .table(try Sample.mapping("uci")), Sample.data("uci_incident_event_log.csv.gz"))
    try Self.check(
      imported, rows: 141_712, incidents: 24_918, editors: 846, states: 64_033,
      [
        "assignment_group": 23_321, "assigned_to": 14_006, "u_priority_confirmation": 19_136,
        "u_symptom": 2128,
        "subcategory": 2094, "category": 1314, "priority": 436, "impact": 354, "urgency": 325,
        "knowledge": 208,
        "problem_id": 166, "location": 109, "vendor": 104, "rfc": 90, "cmdb_ci": 8, "contact_type": 5,
        "caller_id": 4,
        "caused_by": 1,
      ])
  }

  /// All columns as registers, so that the differences are those of the log and not of the mapping.
  @Test(.realData) func uciWithoutAMapping() throws {
    let plain = """
      {"kind": "events", "unknown": [], "id": "{number}", "agent": "{sys_updated_by}",
       "record": ["sys_mod_count", "sys_updated_at", "sys_updated_by"],
       "ignore": ["sys_created_by", "sys_created_at"],
       "timeline": {"when": "unchanged", "entry": {"kind": "event"}}}
      """
    let imported = try Imported(
      .table(try Mapping(json: Array(plain.utf8))), Sample.data("uci_incident_event_log.csv.gz"))
    let counts = imported.changes
    #expect(
      counts == [
        "incident_state": 64_033, "active": 24_942, "reassignment_count": 23_414, "assignment_group": 23_321,
        "u_priority_confirmation": 19_136, "assigned_to": 14_006, "made_sla": 9114, "u_symptom": 2128,
        "subcategory": 2094, "category": 1314, "priority": 436, "impact": 354, "reopen_count": 331,
        "urgency": 325,
        "knowledge": 208, "problem_id": 166, "location": 109, "vendor": 104, "rfc": 90, "cmdb_ci": 8,
        "contact_type": 5, "caller_id": 4, "caused_by": 1,
      ])
    var seen: Set<EntityKey> = []
    var perUpdate = [0, 0, 0, 0, 0]
    for edit in imported.edits where !seen.insert(edit.key).inserted {
      perUpdate[min(4, edit.fields.count)] += 1
    }
    #expect(perUpdate == [28_428, 17_579, 49_375, 18_157, 3255])
    #expect(imported.edits.count { !$0.draft.log.isEmpty } == 28_428)
  }

  @Test(.realData) func helpdesk() throws {
    let imported = try Imported(
      .table(try Sample.mapping("helpdesk")), Sample.data("helpdesk_italian_event_log.csv.gz"))
    #expect(imported.rejects == [])
    #expect(imported.edits.count == 21_348)
    #expect(Set(imported.edits.map(\.key)).count == 4580)
    #expect(Set(imported.edits.map(\.by)).count == 22)
    #expect(imported.edits.count { $0.draft.log["timeline"] != nil } == 21_348)
    #expect(Set(imported.edits.map { "\($0.key) \($0.once)" }).count == 21_348)
    // As a Python script counts them, changes and tickets.
    let changes = imported.changes
    #expect(changes["customer"] == 14)
    #expect(changes["seriousness_2"] == 84)
    #expect(changes["service_level"] == 49)
    #expect(changes["topic"] == 4)
    #expect(changes["service_type"] == 11)
    #expect(changes["team"] == 11)
    #expect(Self.tickets(imported, changing: "customer") == 7)
    #expect(Self.tickets(imported, changing: "seriousness_2") == 77)
    #expect(Self.tickets(imported, changing: "service_level") == 43)
  }

  static func tickets(_ imported: Imported, changing field: String) -> Int {
    var created: Set<EntityKey> = []
    var found: Set<EntityKey> = []
    for edit in imported.edits where !created.insert(edit.key).inserted && edit.fields.contains(field) {
      found.insert(edit.key)
    }
    return found.count
  }

  @Test(.realData) func bpic2014Activities() throws {
    let imported = try Imported(
      .table(try Sample.mapping("bpic2014-activity")), Sample.data("bpic2014_incident_activity_4000.csv.gz"))
    #expect(imported.rejects == [])
    #expect(imported.edits.count == 39_911)
    var teams: [EntityKey: Set<JSONText>] = [:]
    for edit in imported.edits {
      teams[edit.key, default: []].formUnion([edit.draft.set["team"]].compactMap(\.self))
    }
    #expect(teams.count == 4000)
    #expect(teams.values.count { $0.count >= 2 } == 3716)
    #expect(teams.values.count { $0.count >= 3 } == 1322)
    #expect(Set(teams.values.flatMap(\.self)).count == 195)
    // As a Python script counts them when rows are sorted by time and activity number.
    #expect(imported.changes["team"] == 9215)
    var last: [EntityKey: JSONText] = [:]
    for edit in imported.edits { if let status = edit.draft.set["status"] { last[edit.key] = status } }
    #expect(last.values.count { $0.string == "closed" } == 3961)
    for (left, right) in zip(imported.edits, imported.edits.dropFirst()) where left.key == right.key {
      #expect((left.at ?? .zero) <= (right.at ?? .zero))
    }
  }

  @Test(.realData) func bpic2014Incidents() throws {
    let imported = try Imported(
      .table(try Sample.mapping("bpic2014-incidents")), Sample.data("bpic2014_incident_4000.csv.gz"))
    #expect(imported.rejects == [])
    #expect(imported.edits.count == 4000)
    #expect(imported.edits.count { $0.draft.set["reopened_at"] != nil } == 183)
    #expect(imported.edits.count { $0.draft.set["solved_at"] != nil } == 3845)
    #expect(imported.edits.count { $0.draft.set["priority_level"]?.string == "5" } == 1448)
  }
}
