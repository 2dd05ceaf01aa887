import Causality
import Codec
import Merge
import Storage
import SyncProtocol

extension Endpoints {
  /// `GET .../erasures`: what was erased, and how far the server and each device are with it.
  func erasures(_ hosted: ServerData.Hosted, _ device: Device) throws(Refusal) -> ServerResponse {
    guard device.role == Device.supervisor else {
      throw Refusal(.forbidden, "what was erased, and by which devices, is told to supervisors only")
    }
    defer { if !hosted.workspace.suspects.isEmpty { care(hosted) } }
    do throws(StorageError) {
      return ServerResponse(
        json: try ErasureReport.json(hosted.workspace, hosted.devices, hosted.activity.entries))
    } catch {
      tell(error, hosted)
      throw Refusal(.failed, "the server cannot read what was erased")
    }
  }
}

/// The text of `GET .../erasures`.
enum ErasureReport {
  static func json(
    _ workspace: Workspace, _ registry: DeviceRegistry, _ activity: [String: ActivityLog.Entry]
  ) throws(StorageError) -> String {
    let log = workspace.log
    let erasures = try workspace.erasureChanges().map(json)
    var devices: [JSONText] = []
    for device in try registry.devices() {
      devices.append(try json(device, activity[device.device], log))
    }
    return JSONText(object: [
      ("head", JSONText(Int(log.last))), ("server", JSONText(Int(workspace.erasedPosition))),
      ("erasures", JSONText(array: erasures)), ("devices", JSONText(array: devices)),
    ]).text
  }

  /// An object without the members that have no value.
  private static func object(_ members: [(String, JSONText?)]) -> JSONText {
    JSONText(object: members.compactMap { key, value in value.map { (key, $0) } })
  }

  private static func json(_ placed: PlacedChange) -> JSONText {
    let change = placed.change
    let body = (try? JSONText(parsing: [UInt8(ascii: "{")] + change.body + [UInt8(ascii: "}")]))
    return object([
      ("position", JSONText(Int(placed.position ?? 0))), ("on", JSONText(change.on.description)),
      ("id", JSONText(change.id.description)), ("by", JSONText(change.by)),
      ("at", JSONText(placed.effective.description)), ("of", body?["of"]),
      ("because", body?["because"]),
    ])
  }

  /// A device and the position up to which it carried out erasures: 0 where what it said is not of this log.
  private static func json(
    _ device: Device, _ entry: ActivityLog.Entry?, _ log: ServerLog
  ) throws(StorageError) -> JSONText {
    var erased: UInt64 = 0
    if let entry, try log.sum(at: entry.position) == entry.sum { erased = entry.erased }
    func time(_ milliseconds: UInt64) -> JSONText {
      JSONText(HybridTime(milliseconds: milliseconds).description)
    }
    return object([
      ("device", JSONText(device.device)), ("agent", JSONText(device.agent)), ("role", JSONText(device.role)),
      ("replica", JSONText(device.replica.description)), ("erased", JSONText(Int(erased))),
      ("seen", entry.map { time($0.seen) }), ("revoked", device.revoked.map(time)),
    ])
  }
}
