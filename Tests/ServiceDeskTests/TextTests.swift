import Causality
import Testing

@testable import ServiceDesk

@Suite struct TextFoldingTests {
  @Test(arguments: [
    ("Åse O’Brien", "ase obrien"), ("A\u{30A}SE O'BRIEN", "ase obrien"), ("STRASSE", "strasse"),
    ("Straße", "strasse"),
    ("Nguyễn Văn Đức", "nguyen van duc"), ("Łódź", "lodz"), ("Þórður", "thordur"), ("Ærø", "aero"),
    ("İstanbul", "istanbul"),
    ("ısı", "isi"), ("Œuvre", "oeuvre"), ("ΣΊΣΥΦΟΣ", "σισυφοσ"), ("Ёлка Йод", "елка иод"),
    ("Ｔｏｋｙｏ１", "tokyo1"),
    ("東京", "東京"), ("שָׁלוֹם", "שלום"), ("co\u{AD}operate\u{200B}", "cooperate"), ("ﬀ", "ﬀ"), ("", ""),
  ])
  func foldsCaseAccentsAndWidth(text: String, folded: String) {
    #expect(TextFolding.fold(text) == folded)
    #expect(TextFolding.fold(folded) == folded)
  }

  @Test func composedAndDecomposedTextFoldAlike() {
    for value in 0xC0...0x24F as ClosedRange<UInt32> {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let composed = String(scalar)
      // Swift compares by canonical equivalence, which finds the decomposed form among base letters and marks.
      for base in "aceghijklnorstuwyzACEGHIJKLNORSTUWYZ" {
        for mark in 0x300...0x328 as ClosedRange<UInt32> {
          guard let mark = Unicode.Scalar(mark) else { continue }
          let decomposed = String(base) + String(mark)
          if decomposed == composed { #expect(TextFolding.fold(decomposed) == TextFolding.fold(composed)) }
        }
      }
    }
  }

  @Test("Syllables of Hangul and kana fold alike in both normal forms, and to different things")
  func composedScripts() {
    var seen: Set<String> = []
    let kana = [0x3041...0x3096, 0x309D...0x309E, 0x30A1...0x30FA, 0x30FD...0x30FE] as [ClosedRange<UInt32>]
    for value in kana.joined() + Array(0xAC00...0xD7A3 as ClosedRange<UInt32>) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let folded = TextFolding.fold(String(scalar))
      #expect(seen.insert(folded).inserted)
      #expect(TextFolding.fold(folded) == folded)
      // Swift compares by canonical equivalence.
      #expect(folded == String(scalar))
      #expect(folded.unicodeScalars.count > 1 || scalar.properties.canonicalCombiningClass == .notReordered)
    }
    #expect(
      TextFolding.fold("\u{304C}\u{30F7}\u{D55C}").unicodeScalars.map(\.value) == [
        0x304B, 0x3099, 0x30EF, 0x3099, 0x1112, 0x1161, 0x11AB,
      ])
    #expect(
      TextFolding.words("\u{AC00}\u{B098}").map { Array($0.utf8) }
        == TextFolding.words("\u{1100}\u{1161}\u{1102}\u{1161}").map { Array($0.utf8) })
  }

  @Test func wordsAreLettersAndDigits() {
    #expect(
      TextFolding.words("The tap's leaking -- 24/7, in “Århus”!") == [
        "the", "taps", "leaking", "24", "7", "in", "arhus",
      ])
    #expect(TextFolding.words("Jean-Luc  d’Arc") == ["jean", "luc", "darc"])
    #expect(TextFolding.words("नमस्ते दुनिया") == ["नमस्ते", "दुनिया"])
    #expect(TextFolding.words(" …!?") == [])
  }
}

@Suite struct PhoneDigitsTests {
  @Test(
    arguments: [
      ("+45 12 34 56 78", "4512345678"), ("(030) 123-456", "030123456"), ("٠١٢٣٤٥٦٧", "01234567"),
      ("1234", nil),
      ("abc123456", nil), ("", nil), ("++", nil), ("1234\u{A0}567", "1234567"),
    ] as [(String, String?)])
  func readsDigits(text: String, digits: String?) {
    #expect(PhoneDigits.parse(text) == digits)
  }

  @Test(arguments: [
    ("4512345678", "12345678", true), ("004512345678", "12345678", true), ("31612345678", "0612345678", true),
    ("12345678", "12345679", false), ("298211234", "211234", true), ("4512345678", "4612345678", false),
    ("000000", "000000", false),
  ])
  func comparesNationalAndInternationalForms(left: String, right: String, same: Bool) {
    #expect(PhoneDigits.canBeSame(left, right) == same)
    #expect(PhoneDigits.canBeSame(right, left) == same)
  }
}

@Suite struct ReplicaPrefixTests {
  @Test func prefixesAreAsLongAsTheyMustBe() throws {
    let ids = try ["0000000000", "0000100000", "00001z0000", "k7f3q2hd9x", "zzzzzzzzzz"].map {
      try #require(ReplicaID($0))
    }
    let sorted = SortedReplicas(ids)
    #expect(ids.map { sorted.prefixLength(of: $0) } == [5, 6, 6, 4, 4])
    for id in ids {
      let prefix = try #require(ReplicaPrefix("\(id)".prefix(sorted.prefixLength(of: id))))
      #expect(Array(sorted.matching(prefix)) == [id])
    }
    #expect(Array(sorted.matching(try #require(ReplicaPrefix("0")))) == Array(ids[..<3]))
    #expect(Array(sorted.matching(try #require(ReplicaPrefix("OOOOL")))) == Array(ids[1..<3]))
    #expect(ReplicaPrefix("") == nil)
    #expect(ReplicaPrefix("u") == nil)
    #expect(ReplicaPrefix("00000000000") == nil)
  }
}
