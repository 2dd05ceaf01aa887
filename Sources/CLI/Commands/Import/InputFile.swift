import Codec
import Glibc

/// A file to import, or standard input for `-`, read in pieces. A file that is gzip is inflated.
final class InputFile {
  let path: String
  private let descriptor: Int32
  /// The size in bytes; nil where it is not known, or says nothing about how far reading it is.
  private(set) var size: Int?
  /// How many bytes were read.
  private(set) var offset = 0
  private var inflated: ArraySlice<UInt8>?
  private static let piece = 1 << 20
  /// The most that a compressed file may hold, in bytes.
  private static let inflatedLimit = 2 << 30

  init(_ path: String) throws(Failure) {
    self.path = path
    if path == "-" {
      descriptor = STDIN_FILENO
      size = nil
      return
    }
    let opened = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else {
      throw Failure(
        errno == ENOENT ? .notFound : .failed, "cannot open \(path): \(String(cString: strerror(errno)))")
    }
    descriptor = opened
    var status = stat()
    size = fstat(opened, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  deinit {
    if descriptor != STDIN_FILENO { close(descriptor) }
  }

  /// Whether a path leads to this very file, so that to write there would destroy what is still to be read.
  func isSame(as path: String) -> Bool {
    var (own, other) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && stat(path, &other) == 0 && own.st_mode & S_IFMT == S_IFREG
      && (own.st_dev, own.st_ino) == (other.st_dev, other.st_ino)
  }

  /// The next piece; empty at the end.
  func read() throws(Failure) -> [UInt8] {
    if inflated != nil { return takeInflated() }
    let bytes = try readPiece()
    guard offset == bytes.count, bytes.starts(with: [0x1F, 0x8B]) else { return bytes }
    var whole = bytes
    while true {
      let more = try readPiece()
      if more.isEmpty { break }
      whole += more
    }
    do {
      inflated = try Inflater().inflateAll(whole, limit: Self.inflatedLimit)[...]
    } catch {
      throw Failure(.damaged, "\(path) is no intact gzip file: \(error)")
    }
    size = nil
    return takeInflated()
  }

  private func takeInflated() -> [UInt8] {
    let bytes = Array(inflated?.prefix(Self.piece) ?? [])
    inflated = inflated?.dropFirst(bytes.count)
    return bytes
  }

  private func readPiece() throws(Failure) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.piece) { buffer, filled in
      while filled < buffer.count, let base = buffer.baseAddress {
        let got = Glibc.read(descriptor, base + filled, buffer.count - filled)
        if got > 0 {
          filled += got
        } else if got == 0 {
          return
        } else if errno != EINTR {
          failure = errno
          return
        }
      }
    }
    guard failure == 0 else {
      throw Failure(.failed, "cannot read \(path): \(String(cString: strerror(failure)))")
    }
    offset += bytes.count
    return bytes
  }

  /// The whole content, for small files such as mappings.
  func readAll(limit: Int) throws(Failure) -> [UInt8] {
    var whole: [UInt8] = []
    while true {
      let bytes = try read()
      if bytes.isEmpty { return whole }
      whole += bytes
      guard whole.count <= limit else {
        throw Failure(.failed, "\(path) is larger than \(Words.bytes(limit))")
      }
    }
  }
}

/// A file that is written from its start, made when the first byte comes.
final class OutputFile {
  /// Where it is, once it is made.
  private(set) var path: String
  /// Files that were there under its name, and are kept.
  private(set) var kept: [String] = []
  private let isKeeping: Bool
  private var descriptor: Int32 = -1

  /// - Parameter isKeeping: whether a file of that name is kept and this one gets the next free name, with `.2` behind it.
  init(_ path: String, isKeeping: Bool = false) {
    self.path = path
    self.isKeeping = isKeeping
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  var isMade: Bool { descriptor >= 0 }

  private func make() {
    let wanted = path
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (isKeeping ? O_EXCL : O_TRUNC)
    while true {
      // What it holds may be customers' data.
      descriptor = Glibc.open(path, flags, 0o600)
      guard descriptor < 0, isKeeping, errno == EEXIST else { return }
      kept.append(path)
      path = "\(wanted).\(kept.count + 1)"
    }
  }

  func write(_ bytes: [UInt8]) throws(Failure) {
    if descriptor < 0 { make() }
    let code = descriptor < 0 ? errno : Terminal.write(bytes, to: descriptor)
    guard code == 0 else {
      throw Failure(
        code == ENOSPC || code == EDQUOT ? .full : .failed,
        "cannot write \(path): \(String(cString: strerror(code)))")
    }
  }
}
