import Agent
import Synchronization

/// The connection to a server, for whoever syncs many times in a row: to connect takes longer than to ask.
final class KeptConnection: Sendable {
  private let made = Mutex<(server: String, transport: any Transport)?>(nil)

  /// As `connect`, but the connection before where it is to the same server.
  func keeping(_ connect: @escaping Connect) -> Connect {
    { server in
      try self.made.withLock { made in
        if let made, made.server == server { return made.transport }
        let transport = try connect(server)
        made = (server, transport)
        return transport
      }
    }
  }
}
