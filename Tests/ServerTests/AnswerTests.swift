import Agent
import Causality
import SyncProtocol
import Testing

/// What an agent makes of answers that are not a server's of ours, but a proxy's.
@Suite struct AnswerTests {
  private struct Proxy: Transport {
    let reply: Reply
    func exchange(_ call: Call) throws(TransportError) -> Reply { reply }
  }

  private static func error(_ status: Int, _ fields: [String: String] = [:], body: String = "<html>")
    -> SyncError?
  {
    let proxy = Proxy(reply: Reply(status: status, fields: fields, body: Array(body.utf8)))
    do {
      let link = ServerLink(proxy, workspace: "nord", token: "x.y")
      _ = try link.sync(SyncRequest(after: .start, own: 0, body: []))
      return nil
    } catch {
      return error
    }
  }

  /// A slow line is no reason to look for another version.
  @Test(arguments: [408, 425, 429, 502, 503, 504]) func temporary(status: Int) throws {
    let error = try #require(Self.error(status))
    #expect(error.isTemporary, "\(error)")
  }

  @Test func slowBodyIsTemporary() throws {
    let body = "{\"error\":\"body-too-slow\",\"message\":\"The request body arrived too slowly.\"}"
    let error = try #require(Self.error(408, body: body))
    #expect(error.isTemporary)
    #expect(error.description.contains("The request body arrived too slowly"))
  }

  /// A proxy that sends http on to https is told to the person, who decides where the token goes.
  @Test(arguments: [301, 302, 307, 308]) func redirectNamesTheAddress(status: Int) throws {
    let location = "https://desk.example.org/v1/workspaces/nord/sync?after=0"
    let error = try #require(Self.error(status, ["location": location]))
    guard case .notFound(let reason) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(reason.hasSuffix("https://desk.example.org"))
    #expect(!error.isTemporary)
  }
}
