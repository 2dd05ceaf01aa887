import Causality
import Codec
import Server

/// Forbids devices to sync.
enum AdminRevoke {
  static let command = Command(
    "admin revoke", "Forbid a device to sync, within a second",
    details: [
      """
      What the device sent stays. It can join again with a new code. Devices that were forked from it are revoked with \
      it: a copied store goes on as one, and so could whoever has the device's token.
      """
    ],
    operands: [
      DataFolder.workspace,
      Operand(
        "DEVICE",
        "the start of its id or replica, or an agent's name if that agent has one device, beside forks of it"),
    ],
    options: [DataFolder.option],
    examples: [.init("A laptop was stolen", "askonce admin revoke nord anna --data /var/lib/askonce")]
  ) { typed in
    let (folder, name, text) = (DataFolder.path(typed), typed.operand(0), typed.operand(1))
    return { context in
      let path = try folder(context)
      _ = try DataFolder.disk(path, name, context)
      let registry = try DataFolder.open(path, context).devices(name)
      let device = try find(text, try registry.devices(), name)
      let forks = try registry.revoke(device).dropFirst()
      if context.isJSON {
        let list = JSONText(array: forks.map { JSONText(object: json($0)) })
        context.output.json(JSONText(object: json(device) + [("forks", list)]))
        return .ok
      }
      context.output.line(
        "revoked \(Plain.line(device.agent))'s device \(device.device) (replica \(device.replica))")
      for fork in forks {
        context.output.line("  and \(fork.device) (replica \(fork.replica)), which got its token from it")
      }
      return .ok
    }
  }

  private static func json(_ device: Device) -> [(String, JSONText)] {
    [
      ("device", JSONText(device.device)), ("agent", JSONText(device.agent)),
      ("replica", JSONText(device.replica.description)),
    ]
  }

  /// The one device that a text means: of several the one from which all others were forked, which go with it. One that was revoked
  /// is meant where a fork of it was not, as where the process that revoked them ended in between.
  private static func find(_ text: String, _ all: [Device], _ workspace: String) throws(Failure) -> Device {
    let devices = all.filter { device in
      device.revoked == nil || Device.forks(of: device.device, in: all).contains { $0.revoked == nil }
    }
    let named = devices.filter { $0.agent == text }
    let found =
      named.isEmpty
      ? devices.filter { $0.device.hasPrefix(text) || $0.replica.description.hasPrefix(text) } : named
    guard !found.isEmpty, !text.isEmpty else {
      throw Failure(
        .notFound,
        "workspace '\(workspace)' has no device '\(text)' that may sync; 'askonce admin devices "
          + "\(workspace) --all' lists them")
    }
    let forks = Set(found.flatMap { Device.forks(of: $0.device, in: all) }.map(\.device))
    let roots = found.filter { !forks.contains($0.device) }
    guard let device = roots.first, roots.count == 1 else {
      let list = found.map { "\n  \($0.device)  \(Plain.line($0.agent)), replica \($0.replica)" }
      throw Failure(.ambiguous, "'\(text)' can mean several:\(list.joined())")
    }
    return device
  }
}
