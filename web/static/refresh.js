// Fetches a piece of the page anew every few seconds, while somebody can see it.
for (const piece of document.querySelectorAll("[data-refresh]")) {
  let shown = null;
  const fetchPiece = async () => {
    // whoever is in it with the keyboard keeps the place
    if (document.hidden || piece.contains(document.activeElement)) return;
    try {
      const answer = await fetch(piece.dataset.refresh, { headers: { Accept: "text/html" }, redirect: "error" });
      const text = answer.ok ? await answer.text() : shown;
      if (text === shown || piece.contains(document.activeElement)) return;
      shown = text;
      piece.innerHTML = text;
    } catch {
      // the next look will tell; what is shown stays
    }
  };
  if ("atOnce" in piece.dataset) fetchPiece();
  setInterval(fetchPiece, Number(piece.dataset.every) * 1000);
}
