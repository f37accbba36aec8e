"""Reporting: score tables in, one HTML file out, which needs nothing but itself and a browser.

    rows -rank, choose-> Report -draw, escape-> page.html + page.css + page.js -> one file
                          | sound of the chosen clips: spectrogram, weights, influence

- content.py: `Report`, what the page shows
- choosing.py: the best and the worst clips of an axis
- listening.py: what is drawn of a clip's sound, and which checkpoints can explain its scores
- audio.py: where the page finds a clip's audio: a link relative to the page, or the bytes themselves
- text.py: strangers' words, so that they stay where they are put
- markup.py: elements; the one place that escapes
- png.py: a picture of few colours
- ranking_drawing.py, clip_drawing.py: what is drawn, as SVG
- table_data.py: the clips, as the page's script reads them
- page.py: all of it in the template, under a Content-Security-Policy that names the page's own script and style
"""
