import Codec
import Merge

/// What customers and agents can read for themselves.
extension Vocabulary {
  /// The entity type of an article: `title`, `body`, `language`, `audience`, `topic`, `state`, `tags`.
  public static let article = "article"
  /// Who an article is for: everybody, or colleagues only, which is what counts where it does not say.
  public static let audiences = ["public", "internal"]
  /// What an article's `state` says; one without is published.
  public static let articleStates = ["draft", "published", "retired"]
  /// `looked.<agent>` of the settings: when an agent last looked through the articles. What the change that wrote it
  /// did not know of is new to the agent.
  public static let lookedPrefix = "looked."
}
