import Agent
import Glibc
import Storage

/// Opens the way to a server: in the program that has the network in it. The address is the server's root,
/// `https://desk.example.org`.
package typealias Connect = @Sendable (_ server: String) throws -> any Transport

/// What a command works with: its surroundings, which a test replaces.
package struct Context {
  package var output: Output
  package var errors: Output
  /// The process's environment variables.
  package var variables: [String: String]
  /// The store's folder.
  package var store: String
  package var isJSON: Bool
  /// Clock and randomness.
  package var system: Environment
  /// nil in the program without the network.
  package var connect: Connect?
  /// Waits so many milliseconds before another try.
  package var pause: (Int) -> Void = { usleep(UInt32(clamping: $0) * 1000) }

  package init(
    output: Output, errors: Output, variables: [String: String], system: Environment = .system,
    connect: Connect? = nil
  ) {
    self.output = output
    self.errors = errors
    self.variables = variables
    self.system = system
    self.connect = connect
    store = ""
    isJSON = false
  }

  /// How often the lock of a store is tried, each a quarter of a second long: about three seconds, within which any other
  /// command is done that does not work on the whole store.
  package static let lockTries = 12

  /// Opens the store.
  ///
  /// - Parameter tries: how often the lock is tried.
  package func open(_ access: Store.Access, tries: Int = lockTries) throws(StorageError) -> Store {
    let progress = Progress(errors)
    defer { progress.end() }
    var attempt = 1
    while true {
      do throws(StorageError) {
        return try Store(at: store, access, environment: system)
      } catch {
        guard case .locked = error, attempt < tries else { throw error }
        progress.update("waiting for another process that writes to the store")
        attempt += 1
      }
    }
  }

  /// The name of the user of this process; nil where the system does not say.
  package var userName: String? {
    if let name = variables["USER"] ?? variables["LOGNAME"], !name.isEmpty { return name }
    return getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) }
  }

  /// Says something beside the result, such as a repair that was made.
  package func note(_ text: String) {
    output.flush()
    errors.line("askonce: \(Plain.line(text))")
    errors.flush()
  }
}

/// Where a store lies when nobody says so.
package enum StoreFolder {
  /// `$ASKONCE_STORE`, else `askonce` in the user's data folder by the XDG base directory specification.
  package static func standard(_ variables: [String: String]) throws(Failure) -> String {
    if let folder = variables["ASKONCE_STORE"], !folder.isEmpty { return folder }
    // The specification says that a relative path is to be ignored.
    if let data = variables["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/askonce" }
    guard let home = variables["HOME"], !home.isEmpty else {
      throw .usage("where is the store? Set ASKONCE_STORE or give --store DIR, since HOME is not set")
    }
    return home + "/.local/share/askonce"
  }
}
