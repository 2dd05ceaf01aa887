import Glibc
import Synchronization

extension EventLoop {
  /// Connections above the limit that may be told so at once; more are closed without a word.
  private static let overflow = 64

  /// Takes the connections that wait, a limited number so that others are served between.
  func acceptConnections() {
    for _ in 0..<64 {
      let (descriptor, peer) = SocketAddress.filled {
        LinuxCalls.accept(context.listener.descriptor, $0, $1, LinuxCalls.flags)
      }
      if descriptor >= 0 {
        guard let peer else {
          Glibc.close(descriptor)
          continue
        }
        add(descriptor, peer)
        continue
      }
      switch errno {
      case EAGAIN: return
      case EINTR, ECONNABORTED, EPROTO: continue
      case EINVAL, EBADF: return stopListening()  // the server stops
      default:
        // No descriptor or memory is free. The listener stays readable, so it must not be watched for a while.
        return stopListening(until: now + 200)
      }
    }
  }

  private func add(_ descriptor: Int32, _ peer: SocketAddress) {
    generation &+= 1
    // The top bit stays free for the tokens of listener and mailbox.
    let id = ConnectionID(descriptor: descriptor, generation: generation & 0x7FFF_FFFF)
    let connection = Connection(descriptor: descriptor, id: id, peer: peer, limits: context.limits)
    let open = context.connections.add(1, ordering: .relaxed).newValue
    guard open <= context.limits.connections + Self.overflow,
      poller.add(descriptor, connection.interest, token: id.token)
    else {
      context.connections.subtract(1, ordering: .relaxed)
      Glibc.close(descriptor)
      return
    }
    while connections.count <= Int(descriptor) { connections.append(nil) }
    connections[Int(descriptor)] = connection
    connectionCount += 1
    if open > context.limits.connections {
      refuse(connection, .tooManyConnections)
    } else {
      connection.deadline = now + context.times.idle
    }
    settle(connection)
  }

  /// Closes a connection at once. An exchange that is under way ends with `outcome`.
  func close(_ connection: Connection, _ outcome: AccessRecord.Outcome) {
    guard connection.phase != .closed else { return }
    if outcome == .tooSlow {
      // With a reset the kernel forgets what it still holds for this client.
      var abort = linger(l_onoff: 1, l_linger: 0)
      setsockopt(
        connection.descriptor, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
    }
    connection.phase = .closed
    endExchange(connection, outcome)
    connection.stream?.disconnect()
    connection.stream = nil
    deadlines.remove(Int(connection.descriptor))
    connections[Int(connection.descriptor)] = nil
    connectionCount -= 1
    context.connections.subtract(1, ordering: .relaxed)
    Glibc.close(connection.descriptor)
  }

  /// Closes a connection whose last answer is sent.
  func finish(_ connection: Connection, lingers: Bool) {
    guard lingers || !connection.unread.isEmpty || !connection.parser.isIdle else {
      return close(connection, .complete)
    }
    shutdown(connection.descriptor, Int32(SHUT_WR))
    connection.unread = []
    connection.output = OutputQueue()
    connection.phase = .lingering
    connection.isPaused = false
    connection.isBlocked = false
    connection.deadline = now + context.times.linger
  }

  /// Logs the exchange and frees what it holds; what a handler has of it stays.
  func endExchange(_ connection: Connection, _ outcome: AccessRecord.Outcome) {
    guard let exchange = connection.exchange else { return }
    connection.exchange = nil
    guard context.log != nil else { return }
    records.append(
      AccessRecord(
        peer: connection.peer, method: exchange.head?.method.description ?? "",
        path: exchange.head?.path ?? "", status: exchange.status, refusal: exchange.refusal,
        bytesIn: exchange.bytesIn, bytesOut: connection.sentBytes - exchange.sentBefore,
        milliseconds: Double(Clock.nanoseconds() - exchange.startedAt) / 1_000_000, outcome: outcome))
  }
}
