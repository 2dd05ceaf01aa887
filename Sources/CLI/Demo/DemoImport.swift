import Agent
import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// Imports dialogues into an empty store.
enum DemoImport {
  static func run(_ path: String, into store: Store) throws -> (customers: Int, tickets: Int) {
    let disk = FolderDisk(path.hasPrefix("/") ? "/" : ".")
    guard let bytes = try disk.readAll(path) else { throw Failure.usage("there is no file \(path)") }
    var importer = Importer(.star)
    let items = try importer.read(bytes.span) + importer.finish()
    var entities: [EntityKey: EntityID] = [:]
    func entity(_ key: EntityKey, _ at: HybridTime?, _ by: String?) throws -> EntityID {
      if let known = entities[key] { return known }
      let edit = Edit(.new(type: key.type), Draft(set: ["ref": key.ref.text]), at: at, by: by)
      guard let made = try store.commit(edit) else { throw Failure(.failed, "\(key) was not made") }
      entities[key] = made.on
      return made.on
    }
    for case .edit(let edit) in items {
      var draft = edit.draft
      for (field, key) in edit.links {
        draft.set[field] = JSONText(try entity(key, edit.at, edit.by).description)
      }
      try store.commit(Edit(.entity(try entity(edit.key, edit.at, edit.by)), draft, at: edit.at, by: edit.by))
    }
    let types = entities.keys.map(\.type)
    return (
      types.filter { $0 == Vocabulary.customer }.count, types.filter { $0 == Vocabulary.ticket }.count
    )
  }
}
