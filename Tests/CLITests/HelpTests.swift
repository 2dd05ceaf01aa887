import Foundation
import Testing

@testable import CLI

/// Help texts are pinned by files in `Fixtures/help`; `ASKONCE_WRITE_GOLDENS=1 swift test` writes them anew.
@Suite("Help")
struct HelpTests {
  @Test("Every command's help is as its file says", arguments: Registry.commands.map(\.name))
  func command(_ name: String) throws {
    let found = try #require(Registry.commands.first { $0.name == name })
    try compare(HelpText.text(found), "askonce-" + found.path.joined(separator: "-"))
  }

  @Test("So are the overview, the nouns and the exit codes")
  func others() throws {
    try compare(HelpText.overview(Registry.sections), "askonce")
    try compare(HelpText.exitCodes(), "exit-codes")
    for group in Registry.groups where group.single == nil {
      try compare(HelpText.text(group), "askonce-\(group.name)-commands")
    }
  }

  private func compare(_ text: String, _ name: String) throws {
    let path = "\(Repository.fixtures)/help/\(name).txt"
    if ProcessInfo.processInfo.environment["ASKONCE_WRITE_GOLDENS"] == "1" {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
    let golden = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text == golden, "\(name).txt")
  }

  @Test("No file is left of a command that is gone")
  func leftovers() throws {
    var names = Set(Registry.commands.map { "askonce-" + $0.path.joined(separator: "-") })
    names.formUnion(Registry.groups.filter { $0.single == nil }.map { "askonce-\($0.name)-commands" })
    names.formUnion(["askonce", "exit-codes"])
    let files = try FileManager.default.contentsOfDirectory(atPath: Repository.fixtures + "/help")
    #expect(Set(files.map { String($0.dropLast(".txt".count)) }) == names)
  }

  @Test("--help works everywhere and touches nothing", arguments: Registry.commands.map(\.path))
  func asked(_ path: [String]) throws {
    let desk = try TestDesk()
    let outcome = desk.run(path + ["--help"])
    #expect(outcome.code == .ok)
    #expect(outcome.output.contains("Usage: askonce " + path.joined(separator: " ")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: desk.folder).isEmpty)
  }

  @Test("Every example is a command line that is understood", arguments: Registry.commands.map(\.name))
  func examples(_ name: String) throws {
    let command = try #require(Registry.commands.first { $0.name == name })
    #expect(!command.examples.isEmpty)
    for example in command.examples {
      for arguments in Shell.commands(example.line) {
        guard case .command(let found, let rest) = try Registry.locate(arguments) else {
          Issue.record("\(example.line)")
          continue
        }
        let typed = try ArgumentReader.read(rest, options: found.allOptions, operands: found.operands)
        _ = try found.prepare(typed)
      }
    }
  }

  @Test("Names, lengths and options are in order")
  func shape() {
    #expect(Set(Registry.commands.map(\.name)).count == Registry.commands.count)
    for command in Registry.commands {
      #expect(command.summary.count <= 74, "\(command.name)")
      #expect(command.summary.last != ".", "\(command.name)")
      let names = command.allOptions.map(\.name)
      #expect(Set(names).count == names.count, "\(command.name)")
      let letters = command.allOptions.compactMap(\.short)
      #expect(Set(letters).count == letters.count, "\(command.name)")
      for line in HelpText.text(command).split(separator: "\n") where !line.hasPrefix("    askonce") {
        #expect(line.count <= 100, "\(command.name): \(line)")
      }
    }
  }
}

/// Enough of a shell to take example lines apart.
enum Shell {
  /// The arguments of each `askonce` in a line.
  static func commands(_ line: String) -> [[String]] {
    var commands: [[String]] = [[]]
    var word: String?
    var quote: Character?
    var isDropping = false
    // A command within a command is text here.
    var depth = 0
    func end() {
      if let text = word, !isDropping { commands[commands.count - 1].append(text) }
      if word != nil { isDropping = false }
      word = nil
    }
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if depth > 0 || character == "(" {
        depth += character == "(" ? 1 : character == ")" ? -1 : 0
        word = (word ?? "") + String(character)
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == " " {
        end()
      } else if "|;&".contains(character) {
        end()
        commands.append([])
      } else if character == "<" || character == ">" {
        // A descriptor in front of it and the file behind it are the shell's.
        if word == "2" { word = nil }
        end()
        isDropping = true
      } else {
        word = (word ?? "") + String(character)
      }
    }
    end()
    return commands.filter { $0.first == "askonce" }.map { Array($0.dropFirst()) }
  }
}
