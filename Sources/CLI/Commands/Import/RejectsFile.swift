import Codec
import Glibc
import Import

/// Where records go that could not be imported: a file that can be mended and imported, and a line each on standard
/// error.
final class RejectsFile {
  private let file: OutputFile?
  private let context: Context
  private(set) var count = 0
  /// Values that were left out of records that were imported.
  private(set) var refused = 0
  private var failure: Failure?
  /// The last line that is in the file: of one line several edits may be refused.
  private var written = 0
  /// A file that was there and holds the same as this one would.
  private var same: String?
  /// How many are told one by one.
  private static let told = 20

  /// - Parameters:
  ///   - path: nil where nobody wants the file.
  ///   - isKeeping: whether a file that is there is kept, because somebody may be mending it.
  init(_ path: String?, isKeeping: Bool, _ context: Context) {
    file = path.map { OutputFile($0, isKeeping: isKeeping) }
    self.context = context
  }

  /// - Parameter header: what the file starts with.
  func add(_ reject: Reject, header: [UInt8]) {
    tell(reject.description)
    count += 1
    guard let file, failure == nil, !reject.raw.isEmpty, reject.line != written else { return }
    written = reject.line
    do throws(Failure) {
      if !file.isMade { try file.write(header) }
      try file.write(reject.raw.last == 0x0A ? reject.raw : reject.raw + [0x0A])
    } catch {
      failure = error
    }
  }

  func add(_ value: RefusedValue) {
    tell(value.description)
    refused += 1
  }

  private func tell(_ text: String) {
    if count + refused < Self.told { context.note(text) }
  }

  /// Ends the file. Where one that was there holds the same, as behind the same import, that one will do.
  ///
  /// Cost: files that were there are read where they are as long.
  func close() {
    guard let file, file.isMade, failure == nil, !file.kept.isEmpty else { return }
    guard let own = try? FileChecksum.read(file.path) else { return }
    same = file.kept.first { path in
      guard Self.size(path) == own.size, let other = try? FileChecksum.read(path) else { return false }
      return other == own
    }
    if same != nil { unlink(file.path) }
  }

  /// The size of a file; nil for what is none.
  private static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  /// Says how many more there were, and where they are.
  ///
  /// - Throws: `Failure` where the file could not be written.
  func finish() throws(Failure) {
    if let failure { throw failure }
    let all = count + refused
    if all > Self.told { context.note("and \(Words.grouped(all - Self.told)) more") }
    if let path {
      if same == nil, let kept = file?.kept.first {
        context.note("\(kept) was there already and is as it was")
      }
      context.note("rejected records are in \(path); mend them and import that file")
    }
  }

  /// The file, if there is something in it; behind `close()`.
  var path: String? { same ?? file.flatMap { $0.isMade ? $0.path : nil } }
}
