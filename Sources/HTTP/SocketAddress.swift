import Glibc

/// An IPv4 or IPv6 address and a port.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// The family, `AF_INET` or `AF_INET6`.
  private let family: Int32
  /// The address in network order; IPv4 uses the first four bytes.
  private let bytes: (UInt64, UInt64)
  private let scope: UInt32

  /// The port, 0 to 65,535.
  package let port: Int

  /// The addresses that a text such as `127.0.0.1:8080`, `[::1]:0` or `localhost:8080` names. A host may be a name;
  /// the port is a number. Throws if there is none.
  package static func resolve(_ text: String) throws(SystemError) -> [SocketAddress] {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw SystemError("address \(text) (HOST:PORT is expected)", number: EINVAL)
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw SystemError("address \(text) (an IPv6 address stands in brackets)", number: EINVAL)
    }
    guard !host.isEmpty else { throw SystemError("address \(text) (HOST:PORT is expected)", number: EINVAL) }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(String(host), String(port), &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard status == 0 else {
      throw SystemError(
        "resolve \(host): \(String(cString: gai_strerror(status)))",
        number: status == EAI_SYSTEM ? errno : ENOENT)
    }
    var result: [SocketAddress] = []
    var entry = list
    while let current = entry?.pointee {
      if let address = current.ai_addr.flatMap({ SocketAddress($0) }) { result.append(address) }
      entry = current.ai_next
    }
    return result
  }

  /// The address in a system structure; nil if it is of another family.
  init?(_ address: UnsafePointer<sockaddr>) {
    let raw = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      let v4 = raw.loadUnaligned(as: sockaddr_in.self)
      family = AF_INET
      bytes = (UInt64(v4.sin_addr.s_addr), 0)
      scope = 0
      port = Int(UInt16(bigEndian: v4.sin_port))
    case AF_INET6:
      let v6 = raw.loadUnaligned(as: sockaddr_in6.self)
      family = AF_INET6
      bytes = withUnsafeBytes(of: v6.sin6_addr) {
        ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      }
      scope = v6.sin6_scope_id
      port = Int(UInt16(bigEndian: v6.sin6_port))
    default: return nil
    }
  }

  /// The address that a call such as `getsockname` or `accept` fills in; nil if `call` gives a negative number or
  /// another family.
  static func filled(
    by call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> (result: Int32, address: SocketAddress?) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutableBytes(of: &storage) { raw in
      // The storage is made to be seen as any kind of address, and is never empty.
      guard let base = raw.baseAddress else { return (-1, nil) }
      let address = base.assumingMemoryBound(to: sockaddr.self)
      let result = call(address, &length)
      return (result, result >= 0 ? SocketAddress(address) : nil)
    }
  }

  /// Calls `body` with the address as system calls want it.
  func withSystemAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    func call<Address>(_ address: inout Address) -> Result {
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body($0, socklen_t(MemoryLayout<Address>.size))
        }
      }
    }
    if family == AF_INET {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(clamping: port).bigEndian
      address.sin_addr.s_addr = UInt32(truncatingIfNeeded: bytes.0)
      return call(&address)
    }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = UInt16(clamping: port).bigEndian
    address.sin6_scope_id = scope
    withUnsafeMutableBytes(of: &address.sin6_addr) {
      $0.storeBytes(of: bytes.0, as: UInt64.self)
      $0.storeBytes(of: bytes.1, toByteOffset: 8, as: UInt64.self)
    }
    return call(&address)
  }

  /// A new stream socket of this family, closed on `exec`; negative if there is none.
  func makeSocket() -> Int32 {
    socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  }

  /// The address without the port.
  package var host: String {
    withUnsafeBytes(of: bytes) { raw in
      var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
      guard inet_ntop(family, raw.baseAddress, &text, socklen_t(text.count)) != nil else { return "" }
      return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// The address as `resolve` reads it.
  package var description: String {
    family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// Whether family, address, scope and port are the same.
  package static func == (left: SocketAddress, right: SocketAddress) -> Bool {
    left.family == right.family && left.bytes == right.bytes && left.port == right.port
      && left.scope == right.scope
  }

  /// Feeds address and port.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(bytes.0)
    hasher.combine(bytes.1)
    hasher.combine(port)
  }
}
