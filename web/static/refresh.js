// Fetches a piece of the page anew every few seconds, while somebody can see it.
for (const piece of document.querySelectorAll("[data-refresh]")) {
  const fetchPiece = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(piece.dataset.refresh, { headers: { Accept: "text/html" }, redirect: "error" });
      if (answer.ok) piece.innerHTML = await answer.text();
    } catch {
      // the next look will tell; what is shown stays
    }
  };
  if ("atOnce" in piece.dataset) fetchPiece();
  setInterval(fetchPiece, Number(piece.dataset.every) * 1000);
}
