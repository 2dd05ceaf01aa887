import Agent
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Requests to a server over HTTP and TLS, by the platform's URLSession.
///
/// Blocks the calling thread. Connections are kept between requests. Nothing is stored: no cookies, no caches, no
/// credentials; redirects are not followed, because a token must not go where nobody sent it. Bodies come and go
/// byte for byte. Certificates are checked against the system's store of authorities: URLSession knows no other on Linux.
public final class URLTransport: StreamingTransport {
  /// The server's root without a slash at its end.
  private let base: String
  private let session: URLSession
  private let receiver = Receiver()

  /// How long an answer may stay silent, in seconds.
  private static let silence = 60.0
  /// How long a request may take as a whole, in seconds.
  private static let total = 900.0
  /// The largest answer that is taken, in bytes: more than the protocol ever asks for at once.
  static let maximumBody = 64 << 20

  /// - Parameter server: `https://desk.example.org`, with a port and a path where the server has others than usual.
  /// - Throws: `TransportError`, `.untrusted`, for what is no such address.
  public init(_ server: String) throws(TransportError) {
    let parts = URLComponents(string: server)
    guard let parts, let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = parts.host, !host.isEmpty, 1...65535 ~= parts.port ?? 1, parts.query == nil,
      parts.fragment == nil, parts.user == nil
    else {
      throw TransportError(
        "'\(server)' is no server's address; write it like https://desk.example.org", kind: .untrusted)
    }
    // URLSession knows schemes in lower case only.
    let address = scheme + server.dropFirst(scheme.count)
    base = address.last == "/" ? String(address.dropLast()) : address
    Self.keepOpenSSLAtExit
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpCookieStorage = nil
    configuration.httpShouldSetCookies = false
    configuration.urlCache = nil
    configuration.urlCredentialStorage = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.timeoutIntervalForRequest = Self.silence
    configuration.timeoutIntervalForResource = Self.total
    session = URLSession(configuration: configuration, delegate: receiver, delegateQueue: nil)
  }

  /// OpenSSL frees its state at `exit` while a session's thread may still be closing connections, which crashes the
  /// process about once in 400 short syncs (swift-corelibs-foundation issue 5469; Swift 6.4 does the same as this, before
  /// it sets up libcurl). Nothing is asked of OpenSSL where the process has none.
  private static let keepOpenSSLAtExit: Void = {
    #if os(Linux)
      typealias Initialize = @convention(c) (UInt64, OpaquePointer?) -> CInt
      let withoutExitHandler: UInt64 = 0x0008_0000  // OPENSSL_INIT_NO_ATEXIT
      guard let symbol = dlsym(nil, "OPENSSL_init_crypto") else { return }
      // The type is that of the declaration in <openssl/crypto.h>, which has been the same since OpenSSL 1.1.0.
      _ = unsafeBitCast(symbol, to: Initialize.self)(withoutExitHandler, nil)
    #endif
  }()

  deinit { session.invalidateAndCancel() }

  /// Sends a call and waits for its answer. Throws where none comes in time or the server cannot be reached.
  public func exchange(_ call: Call) throws(TransportError) -> Reply {
    let exchange = try start(call, limit: Self.maximumBody)
    return try exchange.reply()
  }

  /// Sends a call and hands over its answer's body as it comes, and nothing once a second, until `take` returns false or the
  /// answer ends. Throws where the server cannot be reached or the connection breaks.
  public func follow(
    _ call: Call, _ take: ([UInt8]) -> Bool
  ) throws(TransportError) -> Reply {
    let exchange = try start(call, limit: nil)
    return try exchange.follow(take)
  }

  private func start(_ call: Call, limit: Int?) throws(TransportError) -> Exchange {
    let request = try request(call)
    let task = session.dataTask(with: request)
    let exchange = Exchange(task, range: call.range, limit: limit)
    receiver.add(exchange)
    task.resume()
    return exchange
  }

  private func request(_ call: Call) throws(TransportError) -> URLRequest {
    guard let url = URL(string: base + call.path) else {
      throw TransportError("'\(base + call.path)' is no address", kind: .untrusted)
    }
    var request = URLRequest(
      url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: Self.silence)
    request.httpMethod = call.method
    request.httpShouldHandleCookies = false
    request.setValue("askonce", forHTTPHeaderField: "User-Agent")
    // What is sent is compressed already; anything else would only cost both sides time.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if let token = call.token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
    if let (start, count) = call.range {
      request.setValue("bytes=\(start)-\(start + count - 1)", forHTTPHeaderField: "Range")
    }
    if call.method != "GET" {
      request.httpBody = Data(call.body)
      let isJSON = call.body.first == UInt8(ascii: "{")
      request.setValue(
        isJSON ? "application/json" : "application/octet-stream", forHTTPHeaderField: "Content-Type")
    }
    return request
  }
}
