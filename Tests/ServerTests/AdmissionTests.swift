import Causality
import HTTP
import SyncProtocol
import Synchronization
import TestSupport
import Testing

@testable import Server

/// Whose bodies the server takes, before it has any of them.
@Suite struct AdmissionTests {
  private static func head(_ workspace: String, _ token: String?, _ length: String) throws -> RequestHead {
    var text =
      "POST /v1/workspaces/\(workspace)/sync?after=0&sum=00000000&own=0 HTTP/1.1\r\nHost: a\r\n\(length)\r\n"
    if let token { text += "Authorization: Bearer \(token)\r\n" }
    var parser = RequestParser(limits: Limits())
    var offset = 0
    guard case .head(let head) = parser.next(Array((text + "\r\n").utf8).span, from: &offset) else {
      throw Refusal(.malformed, text)
    }
    return head
  }

  private static func admission(_ service: Service, _ head: RequestHead) -> (status: Int?, maximumBody: Int) {
    switch service.admit(head) {
    case .accept(let maximumBody, _): (nil, maximumBody)
    case .refuse(let response): (response.status, 0)
    }
  }

  /// All large bodies share one limit: who is nobody here gets no part of it.
  @Test(arguments: ["Content-Length: 4097", "Content-Length: 8388608", "Transfer-Encoding: chunked"])
  func strangersSendNoLargeBodies(length: String) throws {
    let server = try MemoryServer()
    let anna = try server.data.hosted("nord").devices.join(
      code: try server.invite("anna"), replica: .init(bits: 1), agent: nil)
    let service = Service(server.data) { _ in }
    func ask(_ workspace: String, _ token: String?, _ length: String) throws -> (Int?, Int) {
      Self.admission(service, try Self.head(workspace, token, length))
    }
    let id = anna.token.prefix { $0 != "." }
    for token in [nil, "x", "\(id).\(String(repeating: "0", count: 52))", "0000000000.0"] {
      #expect(try ask("nord", token, length) == (401, 0))
      #expect(
        try ask("nord", token, "Content-Length: 4096") == (token == nil ? 401 : nil, token == nil ? 0 : 4096))
    }
    #expect(try ask("none", "a.b", length) == (404, 0))
    #expect(try ask("nord", anna.token, length) == (nil, PushBody.maximumSize))
    try server.data.hosted("nord").devices.revoke(anna.0)
    #expect(try ask("nord", anna.token, length) == (401, 0))
  }

  /// Nobody else is served while that is decided, and a log may take seconds to read.
  @Test func noWorkspaceIsOpenedToDecideIt() throws {
    let disk = CountingDisk(inner: MemoryDisk())
    let data = try OneDisk.data(disk)
    let devices = try data.devices("nord")
    let (device, token) = try devices.enrol(agent: "anna", role: "agent", replica: .init(bits: 1))
    let service = Service(data) { _ in }
    func status(_ token: String) throws -> Int? {
      Self.admission(service, try Self.head("nord", token, "Transfer-Encoding: chunked")).status
    }
    #expect(try status(token) == nil)
    #expect(try status("0000000000.0") == 401)
    try devices.revoke(device)
    #expect(try status(token) == 401)
    #expect(disk.counter.logs.load(ordering: .relaxed) == 0 && !data.isOpen("nord"))
  }
}
