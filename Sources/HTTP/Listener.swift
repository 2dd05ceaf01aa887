import Glibc

/// A socket that takes connections, until `stop` or its end.
package final class Listener: Sendable {
  /// The address it is bound to, with the port that the system picked if 0 was asked for.
  package let address: SocketAddress

  let descriptor: Int32

  /// Listens on an address such as `127.0.0.1:0`, `[::1]:8080` or `localhost:8080`. Throws what the system says,
  /// for example that the address is in use.
  package init(_ text: String) throws(SystemError) {
    let candidates = try SocketAddress.resolve(text)
    var failure = SystemError("listen on \(text)", number: EADDRNOTAVAIL)
    for candidate in candidates {
      do throws(SystemError) {
        (descriptor, address) = try Self.open(candidate)
        return
      } catch {
        failure = error
      }
    }
    throw failure
  }

  deinit {
    close(descriptor)
  }

  /// Refuses connections from now on. The loops that wait for it are told.
  package func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  private static func open(_ candidate: SocketAddress) throws(SystemError) -> (Int32, SocketAddress) {
    let descriptor = candidate.makeSocket()
    guard descriptor >= 0 else { throw SystemError("socket for \(candidate)") }
    do throws(SystemError) {
      // Connections inherit what is set here, which saves the calls for each of them.
      set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
      set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
      let tcp = Int32(IPPROTO_TCP)
      set(descriptor, tcp, TCP_NODELAY, 1)
      set(descriptor, tcp, TCP_KEEPIDLE, 60)
      set(descriptor, tcp, TCP_KEEPINTVL, 15)
      set(descriptor, tcp, TCP_KEEPCNT, 4)
      // A peer that is gone without a word is noticed even if the kernel holds all of the answer.
      set(descriptor, tcp, TCP_USER_TIMEOUT, 90_000)
      let bound = candidate.withSystemAddress { bind(descriptor, $0, $1) }
      guard bound == 0 else { throw SystemError("bind \(candidate)") }
      guard listen(descriptor, 1024) == 0 else { throw SystemError("listen on \(candidate)") }
      guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { throw SystemError("fcntl") }
      let (_, address) = SocketAddress.filled { getsockname(descriptor, $0, $1) }
      guard let address else { throw SystemError("getsockname") }
      return (descriptor, address)
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    // A system that lacks an option works without it.
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}

/// The number of descriptors that the process may hold.
package enum DescriptorLimit {
  /// Raises the soft limit to `needed` if it is below, as far as the hard limit allows; without a number as far as that.
  package static func raise(to needed: Int = .max) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    let wanted = min(rlim_t(needed), limit.rlim_max)
    guard limit.rlim_cur < wanted else { return }
    limit.rlim_cur = wanted
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
