import Agent
import Glibc
import NetworkProcess

/// The program that has the network in it: `askonce-net`, beside this one.
enum NetworkProgram {
  static let name = "askonce-net"

  /// Starts the program for the requests to a server.
  ///
  /// - Throws: `Failure` where it cannot be run.
  static func connect(_ server: String) throws -> any Transport {
    guard let own = path() else {
      throw Failure(
        .failed, "this command needs the network, and \(name) was not found: /proc is not mounted")
    }
    let program = own.prefix(through: own.lastIndex(of: "/") ?? own.startIndex) + name
    do throws(ProcessTransport.StartError) {
      return try ProcessTransport(String(program), server)
    } catch {
      throw Failure(
        .failed,
        "this command needs the network, and \(program) cannot be run (\(error.reason)); install both programs "
          + "into one folder")
    }
  }

  /// Where this program lies.
  static func path() -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map {
        readlink("/proc/self/exe", $0.assumingMemoryBound(to: CChar.self), bytes.count)
      } ?? -1
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
