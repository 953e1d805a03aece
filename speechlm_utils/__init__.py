"""Speech tokens for pre-trained language models: select, adapt, fine-tune (arXiv 2512.07571).

One module per step: corpus, audio, codec, counts, selection, acoustics, vocabulary, llm, embeddings,
classifier, experiment. Importing the package loads no model and prints nothing.
"""

__version__ = "0.1.0"
