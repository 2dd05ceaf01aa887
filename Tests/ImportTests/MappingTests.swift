import Codec
import Import
import Merge
import Testing

@Suite struct MappingTests {
  static func error(_ json: String) -> String? {
    do {
      _ = try Mapping(json: Array(json.utf8))
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    ("{", "not JSON, line 1: expected '\"'"),
    ("{\n\"kind\": \"events\",\n\"id\": x}", "not JSON, line 3: expected a JSON value"),
    ("[]", "expected an object, {...}"),
    (#"{"id":"{a}"}"#, "kind: is missing"),
    (#"{"kind":"events"}"#, "id: is missing"),
    (#"{"kind":"event","id":"{a}"}"#, #"kind: expected one of "customers", "tickets", "events""#),
    (#"{"kind":"events","id":"{a}","id":"{b}"}"#, "id: stands twice"),
    (
      #"{"kind":"events","id":"{a"}"#,
      #"id: a "{" without a column name and "}"; a brace itself is written "{{""#
    ),
    (#"{"kind":"events","id":"a}"}"#, #"id: a "}" without "{"; a brace itself is written "}}""#),
    (#"{"kind":"events","id":""}"#, "id: an empty template"),
    (#"{"kind":"events","id":7}"#, #"id: expected a string or an object with "from""#),
    (#"{"kind":"events","id":"{a}","separator":";;"}"#, #"separator: expected one ASCII character or "tab""#),
    (#"{"kind":"events","id":"{a}","time":"{t}"}"#, #"time: needs "format""#),
    (
      #"{"kind":"events","id":"{a}","time":{"from":"{t}","format":"d.m"}}"#,
      #"time.format: no time format; such are "iso", "epoch", "d/M/yyyy HH:mm""#
    ),
    (
      #"{"kind":"events","id":"{a}","fields":{"x":{"form":"{b}"}}}"#,
      "fields.x.form: unknown key; known are from, as, format, values, otherwise, link"
    ),
    (#"{"kind":"events","id":"{a}","fields":{"x":{"values":{}}}}"#, #"fields.x: needs "from""#),
    (
      #"{"kind":"events","id":"{a}","fields":{"x":{"from":"{b}","values":{"1":[]}}}}"#,
      "fields.x.values.1: expected a string, a number, true, false or null"
    ),
    (
      #"{"kind":"events","id":"{a}","fields":{"x":{"from":"{b}","otherwise":"keep"}}}"#,
      #"fields.x.otherwise: has no meaning without "values""#
    ),
    (
      #"{"kind":"events","id":"{a}","fields":{"x":{"from":"{b}","as":"int"}}}"#,
      #"fields.x.as: expected "text", "number", "boolean" or "json"; for times there is "format""#
    ),
    (
      #"{"kind":"events","id":"{a}","fields":{"x":{"from":"{b}","link":"A"}}}"#,
      #"fields.x.link: "A" is no entity type"#
    ),
    (#"{"kind":"events","id":"{a}","fields":{"ref":"{b}"}}"#, #"fields.ref: "ref" is what "id" says"#),
    (
      #"{"kind":"events","id":"{a}","fields":{"":"{b}"}}"#,
      "fields.: a field name is 1 to 200 bytes without quotes and backslashes"
    ),
    (#"{"kind":"events","id":"{a}","sets":{"x":"{b}"}}"#, "sets.x: expected a list, [...]"),
    (
      #"{"kind":"events","id":"{a}","sets":{"x":[{"from":"{b}","separator":""}]}}"#,
      "sets.x[0].separator: expected at least one character"
    ),
    (#"{"kind":"events","id":"{a}","record":["a",1]}"#, "record[1]: expected a string"),
    (#"{"kind":"events","id":"{a}","order":"time"}"#, #"time: is missing, which "order": "time" needs"#),
    (
      #"{"kind":"tickets","id":"{a}","timeline":{"when":"unchanged","entry":{}}}"#,
      #"timeline.when: "unchanged" is for "events""#
    ),
    (
      #"{"kind":"tickets","id":"{a}","fields":{"x":{"from":"{b}","values":{},"otherwise":"same"}}}"#,
      #"fields.x.otherwise: "same" is for the fields of "events""#
    ),
    (#"{"kind":"tickets","id":"{a}","timeline":{}}"#, #"timeline: needs "entry""#),
  ]) func errorNamesTheKey(json: String, message: String) {
    #expect(Self.error(json) == message)
  }

  static func failure(_ json: String, _ file: String) throws -> String? {
    do {
      _ = try Imported(.table(try Mapping(json: Array(json.utf8))), file)
      return nil
    } catch let error as ImportError {
      return error.description
    }
  }

  @Test func columnsAreLookedForInTheHeader() throws {
    let mapping = #"{"kind":"tickets","id":"{a}","fields":{"team":"{b}","x":"{c}"}}"#
    #expect(
      try Self.failure(mapping, "a,b\n") == #"mapping: fields.x: the file has no column "c"; it has a, b"#)
    #expect(
      try Self.failure(mapping, "a,b,c,c\n") == #"mapping: fields.x: the file has more than one column "c""#)
    #expect(try Self.failure(mapping, "a,b,c\n") == nil)
    let forgotten = #"{"kind":"tickets","id":"{a}","fields":{"team":"b"}}"#
    #expect(
      try Self.failure(forgotten, "a,b\n")
        == #"mapping: fields.team: "b" is a text that is also a column; for the column's value write "{b}""#)
    let strict = #"{"kind":"tickets","id":"{a}","others":"refuse"}"#
    #expect(
      try Self.failure(strict, "a,b\n")?.hasPrefix(#"mapping: nothing says what the column "b" is"#) == true)
    let clash = #"{"kind":"tickets","id":"{a}","fields":{"team":"{b}"}}"#
    #expect(
      try Self.failure(clash, "a,b,Team\n")?.hasPrefix(#"mapping: the column "Team" cannot become a field"#)
        == true)
  }

  @Test func filesThatAreNoCSV() throws {
    let mapping = #"{"kind":"tickets","id":"{a}"}"#
    #expect(try Self.failure(mapping, "")?.hasPrefix("the file is empty") == true)
    #expect(throws: ImportError("the file's first line: UTF-16; save the file as UTF-8")) {
      try Imported(.table(try Mapping(json: Array(mapping.utf8))), [0xFF, 0xFE, 0x61, 0, 0x0A, 0])
    }
  }

  @Test func rowsBecomeEntities() throws {
    let mapping = """
      {"kind": "tickets", "trim": true, "unknown": ["", "-"], "id": "T-{No}",
       "time": {"from": "{Opened}", "format": "M/d/yyyy h:mm a"}, "agent": "{Agent}",
       "fields": {
         "status": {"from": "{State}", "values": {"1": "new", "2": null}, "otherwise": "refuse"},
         "channel": "phone", "weight": {"from": "{Weight}", "as": "number"},
         "is_vip": {"from": "{VIP}", "as": "boolean"}, "customer": {"from": "{Who}", "link": "customer"},
         "place": "{City} ({Land})"},
       "sets": {"tags": ["{State}", {"from": "{Labels}", "separator": ","}]},
       "timeline": {"entry": {"kind": "note", "text": "{Note}",
         "weight": {"from": "{Weight}", "as": "number"}}},
       "ignore": ["Skip"]}
      """
    let file = """
      No, Opened ,Agent,State,Weight,VIP,Who,City,Land,Labels,Note,Skip,Other Column
      1,2/28/2016 12:05 AM,ann,1,1.5,Yes,C1,Turku,FI,"a, b,,1",He said \\o/,x,kept
      2,-,,2,,,,Turku,,,,x,
      3,2/30/2016 1:00 PM,ann,1,1,,,,,,,,
      4,,ann,3,1,,,,,,,,
      5,,ann,1,1.,,,,,,,,
      6,,ann,1,,maybe,,,,,,,
      -,,ann,1,,,,,,,,,
      """
    let imported = try Imported(.table(try Mapping(json: Array(mapping.utf8))), file)
    #expect(
      imported.edits.map(\.text) == [
        """
        ticket/T-1 2016-02-28T00:05:00.000Z ann channel="phone" is_vip=true other_column="kept" \
        place="Turku (FI)" status="new" weight=1.5 customer->customer/C1 tags+[1, a, b] \
        timeline:{"kind":"note","text":"He said \\\\o/","weight":1.5}
        """,
        #"ticket/T-2 now - channel="phone" tags+[2] timeline:{"kind":"note"}"#,
      ])
    #expect(
      imported.rejects.map(\.description) == [
        #"line 4: time: "2/30/2016 1:00 PM" is no time like M/d/yyyy h:mm a"#,
        #"line 5: fields.status: "3" is not listed in "values""#,
        #"line 6: fields.weight: "1." is no number"#,
        #"line 7: fields.is_vip: "maybe" is neither true nor false"#,
        #"line 8: no value for "id" (No)"#,
      ])
    #expect(imported.rejects[0].raw == Array("3,2/30/2016 1:00 PM,ann,1,1,,,,,,,,\n".utf8))
    #expect(
      imported.header
        == Array("No, Opened ,Agent,State,Weight,VIP,Who,City,Land,Labels,Note,Skip,Other Column\n".utf8))
  }

  @Test func recordThatMakesTooLargeAChangeIsRejected() throws {
    let mapping = #"{"kind":"tickets","id":"{a}","fields":{"x":"{b}{b}{b}{b}"}}"#
    let text = String(repeating: "x", count: 70_000)
    let imported = try Imported(.table(try Mapping(json: Array(mapping.utf8))), "a,b\n1,\(text)\n2,y\n")
    #expect(imported.rejects.map(\.line) == [2])
    #expect(imported.edits.map(\.key.ref) == ["2"])
  }

  /// Columns as in the files that may not be shipped, values invented.
  @Test(arguments: [
    (
      "helpdesk",
      """
      Case ID,Activity,Resource,Complete Timestamp,Variant,Variant index,Variant,customer,product,workgroup
      Case 1,Wait,Value 1,2012/10/09 14:50:17.000,Variant 1,1,Variant 1,Value 2,Value 3,Value 4
      """,
      """
      ticket/Case 1 2012-10-09T14:50:17.000Z Agent Value 1 status="pending" team="Workgroup Value 4" \
      topic="Product Value 3" customer->customer/Customer Value 2 timeline:{"kind":"event","text":"Wait"}
      """
    ),
    (
      "bpic2014-activity",
      """
      incident_id,data_stamp,incident_activity_number,incident_activity_type,assignment_group,km_number,\
      interaction_id,lifecycle
      IM1,2013-02-13 12:03:35,001A1,Mail to Customer,TEAM1,KM1,,complete
      """,
      """
      ticket/IM1 2013-02-13T12:03:35.000Z TEAM1 knowledge_article="KM1" team="TEAM1" \
      timeline:{"kind":"event","text":"Mail to Customer","direction":"out"}
      """
    ),
    (
      "bpic2014-incidents",
      """
      incident_id,status,impact,priority,category,km_number,open_time,reopen_time,resolved_time,close_time,\
      related_interaction,related_change
      IM1,Closed,4,5,incident,KM1,2012-08-10 11:27:59,,nan,2013-11-08 13:54:12,#MULTIVALUE,
      """,
      """
      ticket/IM1 2013-11-08T13:54:12.000Z - impact="4" knowledge_article="KM1" \
      opened_at="2012-08-10T11:27:59.000Z" priority="low" priority_level="5" status="closed" topic="incident"
      """
    ),
  ]) func shippedMapping(name: String, file: String, edit: String) throws {
    let imported = try Imported(.table(try Sample.mapping(name)), file)
    #expect(imported.edits.map(\.text) == [edit])
    #expect(imported.rejects == [])
  }

  @Test func northwind() throws {
    let imported = try Imported(
      .table(try Sample.mapping("northwind-customers")), try Sample.fixture("northwind/customers.csv"))
    #expect(imported.edits.count == 91)
    #expect(imported.rejects == [])
    #expect(
      imported.edits[1].text == """
        customer/ANATR now - address.city="México D.F." address.country="Mexico" address.postcode="05021" \
        address.street="Avda. de la Constitución 2222" company="Ana Trujillo Emparedados y helados" \
        fax="(5) 555-3745" name="Ana Trujillo" title="Owner" phones+[(5) 555-4729]
        """)
    #expect(imported.edits.count { $0.draft.set["fax"] == nil } == 22)
  }

  @Test func refusedValuesAreLeftOut() throws {
    let mapping =
      #"{"kind":"customers","id":"{a}","fields":{"fact.pin":"{b}","name":"{c}"},"sets":{"phones":["{d}"]}}"#
    let imported = try Imported(.table(try Mapping(json: Array(mapping.utf8))), "a,b,c,d\n1,4711,Ann,0400\n")
    {
      key, field, value in
      field == "fact.pin" || value.string == "0400" ? "a secret of \(key)" : nil
    }
    #expect(imported.edits.map(\.text) == [#"customer/1 now - name="Ann""#])
    let other = try Imported(.table(try Mapping(json: Array(mapping.utf8))), "a,b,c,d\n1,4712,Ann,0400\n") {
      _, field, value in field == "fact.pin" || value.string == "0400" ? "secret" : nil
    }
    #expect(imported.edits.map(\.once) == other.edits.map(\.once), "a key tells nothing of what was refused")
    #expect(
      imported.refused.map(\.description) == [
        "line 2: fact.pin of customer/1: a secret of customer/1",
        "line 2: phones of customer/1: a secret of customer/1",
      ])
  }
}
