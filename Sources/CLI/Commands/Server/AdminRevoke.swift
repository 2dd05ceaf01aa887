import Causality
import Codec
import Server

/// Forbids devices to sync.
enum AdminRevoke {
  static let command = Command(
    "admin revoke", "Forbid a device to sync, within a second",
    details: ["What the device sent stays. It can join again with a new code."],
    operands: [
      DataFolder.workspace,
      Operand("DEVICE", "the start of its id or replica, or an agent's name if that agent has one device"),
    ],
    options: [DataFolder.option],
    examples: [.init("A laptop was stolen", "askonce admin revoke nord anna --data /var/lib/askonce")]
  ) { typed in
    let (folder, name, text) = (DataFolder.path(typed), typed.operand(0), typed.operand(1))
    return { context in
      let path = try folder(context)
      _ = try DataFolder.disk(path, name, context)
      let registry = try DataFolder.open(path, context).devices(name)
      let device = try find(text, try registry.devices().filter { $0.revoked == nil }, name)
      try registry.revoke(device)
      if context.isJSON {
        context.output.json([
          ("device", JSONText(device.device)), ("agent", JSONText(device.agent)),
          ("replica", JSONText(device.replica.description)),
        ])
      } else {
        context.output.line(
          "revoked \(Plain.line(device.agent))'s device \(device.device) (replica \(device.replica))")
      }
      return .ok
    }
  }

  private static func find(_ text: String, _ devices: [Device], _ workspace: String) throws(Failure) -> Device
  {
    let named = devices.filter { $0.agent == text }
    let found =
      named.isEmpty
      ? devices.filter { $0.device.hasPrefix(text) || $0.replica.description.hasPrefix(text) } : named
    guard let device = found.first, !text.isEmpty else {
      throw Failure(
        .notFound,
        "workspace '\(workspace)' has no device '\(text)' that may sync; 'askonce admin devices "
          + "\(workspace) --all' lists them")
    }
    guard found.count == 1 else {
      let list = found.map { "\n  \($0.device)  \(Plain.line($0.agent)), replica \($0.replica)" }
      throw Failure(.ambiguous, "'\(text)' can mean several:\(list.joined())")
    }
    return device
  }
}
