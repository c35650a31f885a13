"""Chunks go in, passages come out."""
