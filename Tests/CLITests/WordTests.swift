import Causality
import Testing

@testable import CLI

@Suite("Words, widths and times")
struct WordTests {
  @Test func numbers() {
    #expect(Words.count(1, "change") == "1 change")
    #expect(Words.count(1_234_567, "change") == "1,234,567 changes")
    #expect(Words.grouped(0) == "0")
    #expect(Words.grouped(-1000) == "-1,000")
    #expect(Words.grouped(999) == "999")
    #expect(Words.bytes(0) == "0 bytes")
    #expect(Words.bytes(999) == "999 bytes")
    #expect(Words.bytes(1000) == "1.0 kB")
    #expect(Words.bytes(999_949) == "999.9 kB")
    #expect(Words.bytes(999_950) == "1.0 MB")
    #expect(Words.bytes(12_345_678_901) == "12.3 GB")
  }

  @Test func spans() {
    #expect(Moment.span(1_000) == "1 second")
    #expect(Moment.span(119_000) == "1 minute")
    #expect(Moment.span(7_200_000) == "2 hours")
    #expect(Moment.span(172_800_000) == "2 days")
    #expect(Moment.ago(1_000_000, now: 1_005_000) == "just now")
    #expect(Moment.ago(1_000_000, now: 1_180_000) == "3 minutes ago")
    #expect(Moment.ago(10_000_000, now: 1_000_000) == "in 2 hours")
  }

  @Test(
    "Times as people type them",
    arguments: ["2026-11-21", "2026-11-21 14:05", "2026-11-21T14:05", "2026-11-21T14:05:00.000Z"])
  func times(_ text: String) throws {
    let found = HybridTime(milliseconds: try Moment.parse(text, now: 0)).description
    #expect(found.hasPrefix("2026-11-2"))
  }

  @Test("Lengths of time count back from now")
  func lengths() throws {
    #expect(try Moment.parse("2h", now: 10_000_000) == 2_800_000)
    #expect(try Moment.parse("3d", now: 10) == 0)
    #expect(Moment.length("7d") == 604_800_000)
  }

  @Test("A day alone is meant to its end where something is due, and by its start elsewhere")
  func ends() throws {
    let start = try Moment.parse("2026-11-21", now: 0)
    #expect(try Moment.until("2026-11-21", now: 0) == start + 86_399_999)
    #expect(try Moment.due("2026-11-21", now: 0) == start + 86_399_999)
    #expect(try Moment.due("2026-11-21 00:00", now: 0) == start)
    #expect(try Moment.due("2h", now: 10) == 7_200_010)
    #expect(try Moment.until("2h", now: 10_000_000) == 2_800_000)
    #expect(throws: Failure.self) { try Moment.due("2026-13-01", now: 0) }
  }

  @Test("What turns the order of letters around does not reach the terminal")
  func directions() {
    for scalar in ["\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}"] {
      #expect(Plain.line("a\(scalar)b") == "a\u{FFFD}b")
      #expect(Plain.text("a\(scalar)b") == "a\u{FFFD}b")
    }
    #expect(Plain.line("“שלום\u{200F}” …") == "“שלום\u{200F}” …")
  }

  @Test(
    "What is no time is refused",
    arguments: [
      "", "now", "2026", "2026-13-01", "2026-02-29", "2026-11-21 24:00", "2026-11-21 14:05:11", "3x", "-3d",
      "d", "²d",
    ])
  func noTimes(_ text: String) {
    #expect(throws: Failure.self) { try Moment.parse(text, now: 0) }
  }

  @Test func widths() {
    #expect(Plain.width("Åsa") == 3)
    #expect(Plain.width("日本") == 4)
    #expect(Plain.width("e\u{301}") == 1)
    #expect(Plain.width("👋") == 2)
    #expect(Plain.cut("日本語", to: 5) == "日本…")
    #expect(Plain.cut("abc", to: 3) == "abc")
  }

  @Test func pauses() {
    for attempt in 1...20 {
      for random in [0, 1, UInt64.max] {
        let pause = SyncRun.pause(attempt, random: random)
        #expect(250...60_000 ~= pause)
      }
    }
    #expect(SyncRun.pause(1, random: 0) == 500)
  }
}
