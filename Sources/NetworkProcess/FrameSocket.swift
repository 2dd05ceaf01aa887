import Codec
import Glibc

/// A message between `askonce` and `askonce-net`: a line of JSON, and as many bytes behind it as its member `bytes` says.
struct Frame {
  var head: JSONText
  var body: [UInt8]
}

/// A socket on which frames come and go. Not for several threads at a time.
struct FrameSocket {
  /// The other side is gone, or says what is no frame.
  struct Broken: Error {}

  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var start = 0

  private static let chunk = 64 << 10
  /// A head with all fields of an answer takes no more, in bytes.
  private static let longestHead = 4 << 20

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Waits for the next frame; nil where the other side ended between two of them.
  mutating func read() throws(Broken) -> Frame? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        guard let head = try? JSONText(parsing: buffer[start..<end]), let count = head["bytes"]?.int,
          count >= 0
        else { throw Broken() }
        start = end + 1
        while buffer.count - start < count { guard try fill() else { throw Broken() } }
        defer { drop(count) }
        return Frame(head: head, body: Array(buffer[start..<start + count]))
      }
      guard buffer.count - start <= Self.longestHead else { throw Broken() }
      searched = buffer.count
      guard try fill() else {
        if start < buffer.count { throw Broken() }
        return nil
      }
    }
  }

  private mutating func drop(_ count: Int) {
    start += count
    if start == buffer.count { (buffer, start) = ([], 0) }
  }

  /// Reads what is there, at least a byte; false at the end.
  private mutating func fill() throws(Broken) -> Bool {
    var chunk = [UInt8](repeating: 0, count: Self.chunk)
    while true {
      let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count > 0 {
        buffer += chunk[..<count]
        return true
      }
      if count == 0 { return false }
      guard errno == EINTR else { throw Broken() }
    }
  }

  func write(_ members: [(String, JSONText?)], body: [UInt8] = []) throws(Broken) {
    var text: [(String, JSONText)] = members.compactMap { name, value in value.map { (name, $0) } }
    text.append(("bytes", JSONText(body.count)))
    let bytes = JSONText(object: text).bytes + [0x0A] + body
    var done = 0
    while done < bytes.count {
      // Unlike a pipe, one whose other side is gone sends no signal.
      let count = bytes[done...].withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw Broken()
      }
    }
  }

  func close() {
    Glibc.close(descriptor)
  }
}
