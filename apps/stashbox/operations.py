"""What stash-boxes are asked, in GraphQL: each operation once, and no field that is deprecated."""

from collections.abc import Sequence

_IMAGE = "fragment Picture on Image { url width height }"

_STUDIO = """
fragment House on Studio {
  id name aliases deleted urls { url } images { ...Picture }
  parent {
    id name aliases deleted urls { url } images { ...Picture }
    parent { id name aliases deleted urls { url } images { ...Picture } }
  }
}
"""

_TAG = "fragment Label on Tag { id name description aliases deleted }"

# without the number of scenes, which a server counts for each performer of each scene again
_PERFORMER = """
fragment Person on Performer {
  id name disambiguation aliases gender urls { url } birth_date death_date ethnicity country
  eye_color hair_color height cup_size band_size waist_size hip_size
  career_start_year career_end_year
  tattoos { location description } piercings { location description }
  images { ...Picture } deleted merged_into_id
}
"""

_STAR = f"fragment Star on Performer {{ ...Person scene_count }}{_PERFORMER}"

_SCENE = """
fragment Film on Scene {
  id title details release_date urls { url } code director duration deleted
  studio { ...House }
  performers { as performer { ...Person } }
  tags { ...Label }
  images { ...Picture }
  fingerprints { algorithm hash duration submissions reports }
}
"""

_OF_SCENES = f"{_SCENE}{_STUDIO}{_PERFORMER}{_TAG}{_IMAGE}"

ME = "query Me { me { name } }"

VERSION = "query Version { version { version } }"

FIND_SCENES = f"""
query FindScenes($prints: [[FingerprintQueryInput!]!]!) {{
  findScenesBySceneFingerprints(fingerprints: $prints) {{ ...Film }}
}}
{_OF_SCENES}"""

SEARCH_SCENES = f"""
query SearchScenes($term: String!, $limit: Int) {{
  searchScenes(term: $term, page: 1, per_page: $limit) {{ scenes {{ ...Film }} }}
}}
{_OF_SCENES}"""

FIND_SCENE = f"""
query FindScene($id: ID!) {{ findScene(id: $id) {{ ...Film }} }}
{_OF_SCENES}"""

SEARCH_PERFORMERS = f"""
query SearchPerformers($term: String!, $limit: Int) {{
  searchPerformers(term: $term, page: 1, per_page: $limit) {{ performers {{ ...Star }} }}
}}
{_STAR}{_IMAGE}"""

FIND_PERFORMER = f"""
query FindPerformer($id: ID!) {{ findPerformer(id: $id) {{ ...Star }} }}
{_STAR}{_IMAGE}"""

SUBMIT_FINGERPRINTS = """
mutation SubmitFingerprints($input: [FingerprintBatchSubmission!]!) {
  submitFingerprints(input: $input) { hash scene_id error }
}
"""

SUBMIT_SCENE_DRAFT = """
mutation SubmitSceneDraft($input: SceneDraftInput!) { submitSceneDraft(input: $input) { id } }
"""

SUBMIT_PERFORMER_DRAFT = """
mutation SubmitPerformerDraft($input: PerformerDraftInput!) {
  submitPerformerDraft(input: $input) { id }
}
"""


def find_performers(ids: Sequence[str]) -> tuple[str, dict[str, str]]:
    """A query for several performers, ``p0`` the first, and its variables."""
    names = [f"p{number}" for number in range(len(ids))]
    declared = ", ".join(f"${name}: ID!" for name in names)
    fields = "\n".join(f"  {name}: findPerformer(id: ${name}) {{ ...Star }}" for name in names)
    query = f"query FindPerformers({declared}) {{\n{fields}\n}}\n{_STAR}{_IMAGE}"
    return query, dict(zip(names, ids, strict=True))


# each as it is sent, for the test that holds them against the schema
ALL: dict[str, str] = {
    "Me": ME,
    "Version": VERSION,
    "FindScenes": FIND_SCENES,
    "SearchScenes": SEARCH_SCENES,
    "FindScene": FIND_SCENE,
    "SearchPerformers": SEARCH_PERFORMERS,
    "FindPerformer": FIND_PERFORMER,
    "FindPerformers": find_performers(["", ""])[0],
    "SubmitFingerprints": SUBMIT_FINGERPRINTS,
    "SubmitSceneDraft": SUBMIT_SCENE_DRAFT,
    "SubmitPerformerDraft": SUBMIT_PERFORMER_DRAFT,
}
